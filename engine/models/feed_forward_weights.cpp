#include "base/text.h"
#include "models/feed_forward.h"

namespace hadal {
namespace {

using Parameters = FeedForwardParameters;

constexpr std::string_view kRouterBias = "exp_probs_b.bias";

/// The matrices `part` of all experts: "ffn_up_exps.weight", or "ffn_up.0.weight" and on.
std::vector<WeightView> read_matrices(LayerReader& read, std::string_view part, const Parameters& p, std::int64_t rows,
                                      std::int64_t cols) {
  const std::string together = concat(part, "_exps.weight");
  const bool apart = !read.has(together) && read.has(concat(part, ".0.weight"));
  if (!apart) return read.matrices(together, p.router.experts, rows, cols);
  std::vector<WeightView> views;
  for (std::int64_t e = 0; e < p.router.experts; ++e) {
    read.matrix(concat(part, ".", e), rows, cols, views.emplace_back());
  }
  return views;
}

/// Rows [first, first + count).
WeightView part_of(const WeightView& view, std::int64_t first, std::int64_t count) {
  return {view.row(first), count, view.cols, view.type};
}

std::vector<ops::Expert> read_experts(LayerReader& read, const Parameters& p) {
  std::vector<ops::Expert> experts(static_cast<std::size_t>(p.router.experts));
  if (read.has("ffn_gate_up_exps.weight")) {
    const auto both = read.matrices("ffn_gate_up_exps.weight", p.router.experts, 2 * p.expert_inner, p.width);
    for (std::size_t e = 0; e < both.size(); ++e) {
      experts[e].gate = part_of(both[e], 0, p.expert_inner);
      experts[e].up = part_of(both[e], p.expert_inner, p.expert_inner);
    }
  } else {
    const auto gate = read_matrices(read, "ffn_gate", p, p.expert_inner, p.width);
    const auto up = read_matrices(read, "ffn_up", p, p.expert_inner, p.width);
    for (std::size_t e = 0; e < std::min(gate.size(), up.size()); ++e) {
      experts[e].gate = gate[e];
      experts[e].up = up[e];
    }
  }
  const auto down = read_matrices(read, "ffn_down", p, p.width, p.expert_inner);
  for (std::size_t e = 0; e < down.size(); ++e) experts[e].down = down[e];
  return experts;
}

/// A router that is no number would choose experts for no reason anybody could see.
void read_router(LayerReader& read, const Parameters& p, FeedForwardWeights& w) {
  read.finite_matrix("ffn_gate_inp", p.router.experts, p.width, w.router.weight);
  if (read.has(kRouterBias)) read.vector(kRouterBias, p.router.experts, w.router_bias);
}

}  // namespace

FeedForwardWeights read_feed_forward(LayerReader& read, const FeedForwardParameters& p, std::int64_t layer) {
  FeedForwardWeights w;
  if (p.dense(layer)) {
    if (p.kind == FeedForwardKind::swiglu) read.linear("ffn_gate", p.inner, p.width, w.mlp.gate);
    read.linear("ffn_up", p.inner, p.width, w.mlp.up);
    read.linear("ffn_down", p.width, p.inner, w.mlp.down);
    return w;
  }
  read_router(read, p, w);
  // As many experts as the router has, not as many as a key says: a wrong one must not cost gigabytes.
  if (!read.result()) return w;
  w.experts = read_experts(read, p);
  if (p.shared_inner > 0) {
    read.linear("ffn_gate_shexp", p.shared_inner, p.width, w.mlp.gate);
    read.linear("ffn_up_shexp", p.shared_inner, p.width, w.mlp.up);
    read.linear("ffn_down_shexp", p.width, p.shared_inner, w.mlp.down);
  }
  if (p.gated_shared) read.finite_matrix("ffn_gate_inp_shexp", 1, p.width, w.shared_gate.weight);
  return w;
}

Result<void> router_biases_agree(const Checkpoint& file, const FeedForwardParameters& p, std::int64_t layers) {
  const auto name = [](std::int64_t layer) { return concat("blk.", layer, ".", kRouterBias); };
  std::int64_t with = -1, without = -1;
  for (std::int64_t layer = p.dense_layers; layer < layers; ++layer) {
    (file.find_tensor(name(layer)) != nullptr ? with : without) = layer;
  }
  if (with < 0 || without < 0) return {};
  return file.error(ErrorCode::invalid_file, concat("tensor ", name(without), " is missing, though there is ",
                                                    name(with), ": all layers with experts have one, or none."));
}

}  // namespace hadal
