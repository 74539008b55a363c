#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// What a router's logits become before the best are chosen.
enum class RouterScore {
  softmax,  ///< Over all experts, before any is chosen (DeepSeekMoE, Dai et al. 2024; DeepSeek-V2; Qwen).
  sigmoid,  ///< Of each by itself (DeepSeek-V3 report, eq. 15).
};

/// How well a group of experts does, where only experts of the best groups may be chosen.
enum class GroupScore {
  best,        ///< As its best expert (DeepSeek-V2, device-limited routing).
  sum_of_two,  ///< As its two best experts together (DeepSeek-V3, node-limited routing).
};

struct RouterShape {
  std::int64_t experts = 0;
  std::int64_t used = 0;         ///< Experts of a token; at most experts / groups * groups_used.
  std::int64_t groups = 1;       ///< Divides experts: group g holds the experts g * experts / groups and on.
  std::int64_t groups_used = 1;  ///< At most groups.
  RouterScore score = RouterScore::softmax;
  GroupScore group_score = GroupScore::best;
  bool normalised = false;  ///< The chosen experts' weights are divided by their sum + 1e-20.
  float scale = 1.0F;       ///< The weights are multiplied with this, at last.
};

/// Chooses the experts of each token. Those with the best score + bias are chosen, the better ones first, of two equal
/// ones that with the lower number; groups likewise. The bias only chooses: an expert's weight is its score, divided
/// and scaled as the shape says. All in float32 (reference: scores in float64, rounded before the choice). Where the
/// logits are no numbers `used` different experts are chosen nevertheless.
///
/// `logits`: [tokens, experts], `bias`: [experts] or null, `chosen`, `weights`: [tokens, used].
void route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
           std::int64_t tokens, std::int32_t* chosen, float* weights);

namespace reference {
void route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
           std::int64_t tokens, std::int32_t* chosen, float* weights);
}

namespace cpu {
void route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
           std::int64_t tokens, std::int32_t* chosen, float* weights);
}

}  // namespace hadal::ops
