#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hadal {

/// How a Mixture-of-Experts used its experts over the tokens computed so far.
struct ExpertUsage {
  std::size_t layers = 0;             ///< Of the model; those without routed experts stay at 0. 0: no experts at all.
  std::size_t experts = 0;            ///< Of a layer, shared ones not counted.
  std::size_t used = 0;               ///< Chosen for a token in each layer.
  std::uint64_t tokens = 0;           ///< Tokens computed.
  std::vector<std::uint64_t> chosen;  ///< [layers, experts]: tokens the expert was chosen for.
  std::vector<double> weight;         ///< [layers, experts]: sum of the weights it was given.

  /// Mean weight of an expert where it was chosen; 0 if it never was.
  double mean_weight(std::size_t layer, std::size_t expert) const;
};

/// How evenly a layer's tokens fell on its experts.
struct ExpertBalance {
  double max_over_mean = 0;  ///< Load of the busiest expert over the mean: 1 is even, `experts` is one expert for all.
  double variation = 0;      ///< Standard deviation of the loads over their mean: 0 is even.
  double entropy = 0;  ///< Of the shares, over ln(experts): 1 is even, 0 is one expert for all; 1 for a single expert.
};

/// Of one layer, or the mean of the layers that have experts. All 0 where nothing was chosen.
ExpertBalance expert_balance(const ExpertUsage& usage, std::size_t layer);
ExpertBalance expert_balance(const ExpertUsage& usage);

}  // namespace hadal
