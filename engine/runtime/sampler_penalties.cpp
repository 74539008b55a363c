#include "runtime/sampler_penalties.h"

namespace hadal {

Penalties::Penalties(const SamplingOptions& options)
    : options_(options),
      biased_(!options.logit_bias.empty()),
      penalises_(options.repetition_penalty != 1.0F || options.frequency_penalty != 0.0F ||
                 options.presence_penalty != 0.0F) {}

void Penalties::apply(std::span<const TokenId> history, std::size_t prompt_length, std::span<float> logits) {
  for (const auto& [token, bias] : options_.logit_bias) logits[static_cast<std::size_t>(token)] += bias;
  if (!penalises_) return;
  count(history, prompt_length);
  for (const auto& [token, occurrences] : counts_) {
    float& logit = logits[static_cast<std::size_t>(token)];
    logit = penalised(logit, occurrences);
  }
}

float Penalties::penalised(float logit, const Occurrences& occurrences) const {
  logit = logit > 0.0F ? logit / options_.repetition_penalty : logit * options_.repetition_penalty;
  if (occurrences.in_answer == 0) return logit;
  return logit - static_cast<float>(occurrences.in_answer) * options_.frequency_penalty - options_.presence_penalty;
}

void Penalties::count(std::span<const TokenId> history, std::size_t prompt_length) {
  for (; end_ < history.size(); ++end_) {
    Occurrences& occurrences = counts_[history[end_]];
    ++occurrences.anywhere;
    occurrences.in_answer += end_ >= prompt_length;
  }
  const auto window = static_cast<std::size_t>(options_.penalty_window);
  for (; window > 0 && end_ - first_ > window; ++first_) {
    const auto found = counts_.find(history[first_]);
    found->second.in_answer -= first_ >= prompt_length;
    if (--found->second.anywhere == 0) counts_.erase(found);
  }
}

}  // namespace hadal
