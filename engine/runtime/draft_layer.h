#pragma once

#include <span>
#include <vector>

#include "models/decoder.h"
#include "runtime/forward_pass.h"
#include "runtime/sequence.h"

namespace hadal {

/// A sequence the draft layer is to see, and how many tokens it is to guess.
struct Ahead {
  Sequence* sequence = nullptr;
  std::size_t guesses = 0;
};

/// A model's multi-token prediction layer as a source of drafts. From the model's state at a token and from the token
/// that follows it makes a guess of the one after that, and from its own state and that guess further ones.
///
/// Its rows in the KV cache lie beside the model's. The row of a position depends on the next token too, so it can be
/// computed once that is chosen: streams of positions that were computed since are kept with the sequence until a block
/// is full, the sequence leaves the cache, or guesses are wanted. So every row that others find in the cache is there,
/// but for the last one of a text, which is computed again together with the model's own. A full block's last row is
/// that of the text which filled it first; what another text guesses from it may be worse.
class DraftLayer {
 public:
  /// `wanted`: EngineOptions::draft_layer.
  DraftLayer(const Decoder& decoder, ForwardPass& pass, bool wanted);

  bool present() const { return present_; }

  /// Where a pass over `rows` tokens is to put their residual streams, [rows, width]; null if nobody needs them.
  float* streams(std::size_t rows);
  /// The next `rows` tokens of the sequence were computed; their streams are behind `first` others.
  void keep(Sequence& sequence, std::size_t first, std::size_t rows) const;
  /// Tokens of the sequence that others can take from the cache: those it has seen, and one whose row they replace.
  std::size_t reusable(const Sequence& sequence) const;
  /// Whether blocks of the sequence were filled since the layer saw it.
  bool filled_block(const Sequence& sequence) const;
  /// Shows it what was kept of these sequences, and writes the guesses into them. Fails with out_of_memory; then there
  /// are none.
  Result<void> see(std::span<const Ahead> those);

  /// What the last see() was: passes, and their tokens together.
  std::size_t passes() const { return passes_; }
  std::size_t rows() const { return rows_; }

 private:
  std::size_t unseen(const Sequence& sequence) const { return sequence.hidden.size() / width_; }
  Result<void> pass(std::span<const Segment> segments, bool guess);
  Result<void> guess_on(std::vector<Ahead> those);

  const Decoder& decoder_;
  ForwardPass& pass_;
  bool present_;
  std::size_t width_;
  std::vector<float> streams_;  ///< [rows, width], of the model.
  std::vector<float> input_;    ///< [rows, width], of the pass that runs.
  std::vector<float> onward_;   ///< [rows, width], of the draft layer itself.
  std::vector<float> logits_;   ///< [segments, vocabulary]
  std::size_t passes_ = 0, rows_ = 0;
};

}  // namespace hadal
