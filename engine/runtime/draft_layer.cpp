#include "runtime/draft_layer.h"

#include <algorithm>

namespace hadal {
namespace {

/// A sequence's tokens with its guesses behind them, while it lives.
class WithGuesses {
 public:
  explicit WithGuesses(Sequence& sequence) : tokens_(sequence.tokens), size_(tokens_.size()) {
    tokens_.insert(tokens_.end(), sequence.guessed.begin(), sequence.guessed.end());
  }
  ~WithGuesses() { tokens_.resize(size_); }
  WithGuesses(const WithGuesses&) = delete;
  WithGuesses& operator=(const WithGuesses&) = delete;

 private:
  std::vector<TokenId>& tokens_;
  std::size_t size_;
};

}  // namespace

DraftLayer::DraftLayer(const Decoder& decoder, ForwardPass& pass, bool wanted)
    : decoder_(decoder),
      pass_(pass),
      present_(wanted && decoder.draft_layers() > 0),
      width_(static_cast<std::size_t>(decoder.width())) {}

float* DraftLayer::streams(std::size_t rows) {
  if (!present_) return nullptr;
  streams_.resize(rows * width_);
  return streams_.data();
}

void DraftLayer::keep(Sequence& sequence, std::size_t first, std::size_t rows) const {
  if (!present_) return;
  const auto from = streams_.begin() + static_cast<std::ptrdiff_t>(first * width_);
  sequence.hidden.insert(sequence.hidden.end(), from, from + static_cast<std::ptrdiff_t>(rows * width_));
}

std::size_t DraftLayer::reusable(const Sequence& sequence) const {
  return unseen(sequence) > 0 ? sequence.computed - unseen(sequence) + 1 : sequence.computed;
}

bool DraftLayer::filled_block(const Sequence& sequence) const {
  const std::size_t seen = sequence.computed - unseen(sequence);
  return sequence.computed / KvCache::block_tokens > seen / KvCache::block_tokens;
}

Result<void> DraftLayer::pass(std::span<const Segment> segments, bool guess) {
  onward_.resize(input_.size());
  ++passes_;
  rows_ += input_.size() / width_;
  logits_.resize(guess ? segments.size() * static_cast<std::size_t>(decoder_.vocabulary_size()) : 0);
  return pass_.draft(0, segments, guess ? WantedLogits::last : WantedLogits::none, input_.data(), logits_.data(),
                     onward_.data());
}

Result<void> DraftLayer::see(std::span<const Ahead> those) {
  std::vector<Segment> segments;
  std::vector<Ahead> seen;
  std::size_t most = 0;
  input_.clear();
  passes_ = rows_ = 0;
  for (const Ahead& one : those) {
    Sequence& sequence = *one.sequence;
    const std::size_t first = sequence.computed - unseen(sequence);
    // Of an answer's last token nobody knows what follows.
    const std::size_t rows = std::min(unseen(sequence), sequence.tokens.size() - 1 - first);
    if (rows == 0) continue;
    const auto end = sequence.hidden.begin() + static_cast<std::ptrdiff_t>(rows * width_);
    input_.insert(input_.end(), sequence.hidden.begin(), end);
    sequence.hidden.erase(sequence.hidden.begin(), end);
    segments.push_back({sequence.tokens, sequence.blocks, first, rows});
    seen.push_back(one);
    most = std::max(most, one.guesses);
  }
  if (segments.empty()) return {};
  if (auto done = pass(segments, most > 0); !done || most == 0) return done;
  // What is guessed on begins with each segment's last stream.
  std::size_t row = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    row += segments[i].count;
    std::copy_n(onward_.begin() + static_cast<std::ptrdiff_t>((row - 1) * width_), width_,
                onward_.begin() + static_cast<std::ptrdiff_t>(i * width_));
  }
  return guess_on(std::move(seen));
}

/// Reads the guesses off the last pass, whose streams are onward_[those], and runs further ones over them while some
/// are wanted. Their rows in the cache are provisional: the layer has yet to see the model's state there.
Result<void> DraftLayer::guess_on(std::vector<Ahead> those) {
  const auto vocabulary = static_cast<std::ptrdiff_t>(decoder_.vocabulary_size());
  for (std::size_t guesses = 1;; ++guesses) {
    std::vector<Ahead> further;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < those.size(); ++i) {
      Sequence& sequence = *those[i].sequence;
      if (those[i].guesses == 0) continue;
      const auto row = logits_.begin() + static_cast<std::ptrdiff_t>(i) * vocabulary;
      sequence.guessed.push_back(static_cast<TokenId>(std::max_element(row, row + vocabulary) - row));
      const bool room = sequence.computed + guesses <= sequence.blocks.size() * KvCache::block_tokens;
      if (guesses == those[i].guesses || !room) continue;
      further.push_back(those[i]);
      kept.push_back(i);
    }
    if (further.empty()) return {};
    input_.resize(further.size() * width_);
    for (std::size_t i = 0; i < kept.size(); ++i)
      std::copy_n(onward_.begin() + static_cast<std::ptrdiff_t>(kept[i] * width_), width_,
                  input_.begin() + static_cast<std::ptrdiff_t>(i * width_));
    those = std::move(further);
    std::vector<std::unique_ptr<WithGuesses>> longer;
    std::vector<Segment> segments;
    for (const Ahead& one : those) {
      longer.push_back(std::make_unique<WithGuesses>(*one.sequence));
      segments.push_back({one.sequence->tokens, one.sequence->blocks, one.sequence->computed + guesses - 1, 1});
    }
    if (auto done = pass(segments, true); !done) return done;
  }
}

}  // namespace hadal
