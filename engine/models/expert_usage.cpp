#include "hadal/expert_usage.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace hadal {
namespace {

ExpertBalance balance_of(std::span<const std::uint64_t> loads) {
  const auto count = static_cast<double>(loads.size());
  const auto total = static_cast<double>(std::accumulate(loads.begin(), loads.end(), std::uint64_t{0}));
  if (total <= 0.0) return {};
  const double mean = total / count;
  double squares = 0.0, entropy = 0.0;
  for (const std::uint64_t load : loads) {
    const auto tokens = static_cast<double>(load);
    squares += (tokens - mean) * (tokens - mean);
    if (load > 0) entropy -= tokens / total * std::log(tokens / total);
  }
  return {static_cast<double>(*std::ranges::max_element(loads)) / mean, std::sqrt(squares / count) / mean,
          loads.size() > 1 ? entropy / std::log(count) : 1.0};
}

}  // namespace

double ExpertUsage::mean_weight(std::size_t layer, std::size_t expert) const {
  const std::size_t at = layer * experts + expert;
  return chosen[at] > 0 ? weight[at] / static_cast<double>(chosen[at]) : 0.0;
}

ExpertBalance expert_balance(const ExpertUsage& usage, std::size_t layer) {
  return balance_of(std::span(usage.chosen).subspan(layer * usage.experts, usage.experts));
}

ExpertBalance expert_balance(const ExpertUsage& usage) {
  ExpertBalance mean;
  double layers = 0.0;
  for (std::size_t layer = 0; layer < usage.layers; ++layer) {
    const ExpertBalance one = expert_balance(usage, layer);
    if (one.max_over_mean <= 0.0) continue;
    layers += 1.0;
    mean.max_over_mean += (one.max_over_mean - mean.max_over_mean) / layers;
    mean.variation += (one.variation - mean.variation) / layers;
    mean.entropy += (one.entropy - mean.entropy) / layers;
  }
  return mean;
}

}  // namespace hadal
