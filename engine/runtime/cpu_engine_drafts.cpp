#include <algorithm>

#include "base/thread_time.h"
#include "models/model_impl.h"
#include "runtime/cpu_engine.h"

namespace hadal {

/// In steps that only decode: beside a prompt there is better use for the time. Says what the step became, without rows
/// if it reads a prompt.
DecodingStep CpuEngine::add_drafts(std::vector<Share>& shares) {
  if (shares.back().prefill) return {};
  // Several tokens are worth a longer wait, which an interrupt ends.
  DecodingStep step{shares.size(), shares.size(), static_cast<double>(shares.size()),
                    4 * options_.step_milliseconds / 1000.0};
  for (Share& share : shares) {
    Sequence& sequence = *share.sequence;
    if (!sequence.drafts) continue;
    const std::size_t left = sequence.left(static_cast<std::size_t>(options_.context_length));
    share.draft =
        drafter_.draft(*sequence.drafts, sequence.tokens, static_cast<std::size_t>(sequence.stats.generated_tokens),
                       left - 1, step, sequence.guessed);
    const auto drafted = static_cast<int>(share.draft.tokens.size());
    sequence.stats.drafted_tokens += drafted;
    if (share.draft.matched == 0) sequence.stats.layer_drafted_tokens += drafted;
  }
  return step;
}

/// Chooses the next token and, as long as the draft had the same, those behind it; says whether the sequence has come
/// to its end. Each is chosen as it would be without drafts, from the same logits and the same random numbers.
bool CpuEngine::choose(const Share& share, const float* logits, const DecodingStep& step, std::vector<Event>& events) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  const auto context = static_cast<std::size_t>(options_.context_length);
  const std::vector<TokenId>& draft = share.draft.tokens;
  Sequence& sequence = *share.sequence;
  const Clock::time_point now = Clock::now();
  std::size_t right = 0;
  for (;; ++right, ++sequence.computed) {
    const TokenId token = sequence.choose({logits + right * vocabulary, vocabulary}, context);
    const bool same = right < draft.size() && token == draft[right];
    sequence.stats.accepted_tokens += same;
    sequence.stats.layer_accepted_tokens += same && share.draft.matched == 0;
    if (sequence.accept(token, model_->tokenizer(), context, now, events)) return true;
    if (!same) break;
  }
  if (!draft.empty()) drafter_.judge(*sequence.drafts, share.draft, right, step);
  return false;
}

/// Keeps what the draft layer has to see of a share's tokens, whose first row of the step is `row`, and says what it is
/// to do next, if anything.
std::optional<Ahead> CpuEngine::to_see(const Share& share, std::size_t row, std::size_t before, bool finished,
                                       const DecodingStep& step) {
  Sequence& sequence = *share.sequence;
  sequence.guessed.clear();
  if (!layer_.present()) return std::nullopt;
  layer_.keep(sequence, row, sequence.computed - before);
  std::size_t guesses = 0;
  if (!finished && sequence.drafts && sequence.pending() == 1 && step.rows > 0) {
    guesses =
        drafter_.ahead(*sequence.drafts, sequence.tokens, static_cast<std::size_t>(sequence.stats.generated_tokens),
                       sequence.left(static_cast<std::size_t>(options_.context_length)) - 1, step.sequences);
  }
  if (guesses == 0 && !finished && !layer_.filled_block(sequence)) return std::nullopt;
  return Ahead{&sequence, guesses};
}

Result<void> CpuEngine::see(std::span<const Ahead> those) {
  if (those.empty()) return {};
  const double before = thread_seconds();
  if (auto seen = layer_.see(those); !seen) return seen;
  std::vector<DraftRecord*> asked;
  for (const Ahead& one : those) {
    if (one.guesses > 0) asked.push_back(&*one.sequence->drafts);
  }
  const double rows =
      static_cast<double>(layer_.rows()) / static_cast<double>(std::max<std::size_t>(layer_.passes(), 1));
  drafter_.asked(asked, layer_.passes(), rows, thread_seconds() - before);
  return {};
}

}  // namespace hadal
