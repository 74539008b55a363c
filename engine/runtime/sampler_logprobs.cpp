#include "runtime/sampler_logprobs.h"

#include <algorithm>
#include <cmath>

namespace hadal {
namespace {

struct Likelier {
  bool operator()(const TokenLogprob& a, const TokenLogprob& b) const {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.token < b.token;
  }
};

/// The highest logits in order, by a heap whose front is the least of them: nearly every token loses one comparison.
std::vector<TokenLogprob> highest(std::span<const float> logits, std::size_t count) {
  std::vector<TokenLogprob> heap;
  if (count == 0) return heap;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const TokenLogprob candidate{static_cast<TokenId>(i), logits[i]};
    if (std::isnan(logits[i])) continue;
    if (heap.size() == count) {
      if (!Likelier()(candidate, heap.front())) continue;
      std::pop_heap(heap.begin(), heap.end(), Likelier());
      heap.pop_back();
    }
    heap.push_back(candidate);
    std::push_heap(heap.begin(), heap.end(), Likelier());
  }
  std::sort_heap(heap.begin(), heap.end(), Likelier());
  return heap;
}

}  // namespace

double log_sum_exp(std::span<const float> logits) {
  float top = -INFINITY;
  for (const float logit : logits) top = logit > top ? logit : top;
  if (std::isinf(top)) return static_cast<double>(top);
  double total = 0.0;
  for (const float logit : logits) {
    // e^-50 of 2^20 tokens does not reach the last bit of the sum.
    if (logit > top - 50.0F) total += static_cast<double>(std::exp(logit - top));
  }
  return static_cast<double>(top) + std::log(total);
}

TokenLogprobs token_logprobs(std::span<const float> logits, TokenId chosen, int count) {
  const double total = log_sum_exp(logits);
  const auto logprob = [total](float logit) { return static_cast<float>(static_cast<double>(logit) - total); };
  TokenLogprobs out{{chosen, logprob(logits[static_cast<std::size_t>(chosen)])},
                    highest(logits, static_cast<std::size_t>(std::max(count, 0)))};
  for (TokenLogprob& likely : out.likeliest) likely.logprob = logprob(likely.logprob);
  return out;
}

}  // namespace hadal
