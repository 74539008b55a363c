#pragma once

#include <span>
#include <unordered_map>

#include "hadal/sampling.h"

namespace hadal {

/// Logit bias and the penalties for tokens that were there before (SamplingOptions tells the formulas). Counts are kept
/// from call to call, so that a long history costs nothing.
class Penalties {
 public:
  explicit Penalties(const SamplingOptions& options);

  /// Whether apply() changes anything.
  bool active() const { return biased_ || penalises_; }

  /// `history`: the prompt and the answer so far. From call to call it may only grow.
  void apply(std::span<const TokenId> history, std::size_t prompt_length, std::span<float> logits);

 private:
  struct Occurrences {
    int anywhere = 0;
    int in_answer = 0;
  };
  void count(std::span<const TokenId> history, std::size_t prompt_length);
  float penalised(float logit, const Occurrences& occurrences) const;

  const SamplingOptions& options_;
  bool biased_, penalises_;
  std::size_t first_ = 0, end_ = 0;  ///< history[first_ .. end_) is counted.
  std::unordered_map<TokenId, Occurrences> counts_;
};

}  // namespace hadal
