#include "app/inference/expert_use.h"

#include <algorithm>

#include "hadal/expert_usage.h"

namespace hadal {

namespace {

ExpertEvenness evennessOf(const ExpertBalance& balance) {
  return {balance.max_over_mean, balance.variation, balance.entropy};
}

}  // namespace

ExpertUse expertUseOf(const ExpertUsage& usage) {
  ExpertUse use;
  use.experts = static_cast<int>(usage.experts);
  use.used = static_cast<int>(usage.used);
  use.tokens = usage.tokens;
  if (usage.tokens == 0 || usage.experts == 0) return use;
  for (std::size_t at = 0; at < usage.layers; ++at) {
    const auto chosen = usage.chosen.begin() + static_cast<std::ptrdiff_t>(at * usage.experts);
    const auto end = chosen + static_cast<std::ptrdiff_t>(usage.experts);
    if (std::all_of(chosen, end, [](std::uint64_t count) { return count == 0; })) continue;
    ExpertLayer layer;
    layer.number = static_cast<int>(at);
    for (std::size_t expert = 0; expert < usage.experts; ++expert) {
      layer.share << double(chosen[static_cast<std::ptrdiff_t>(expert)]) / double(usage.tokens);
      layer.weight << usage.mean_weight(at, expert);
    }
    layer.evenness = evennessOf(expert_balance(usage, at));
    use.layers << layer;
  }
  use.evenness = evennessOf(expert_balance(usage));
  return use;
}

}  // namespace hadal
