#include "models/feed_forward.h"

#include <algorithm>
#include <array>

#include "models/scratch.h"
#include "ops/gelu/gelu.h"
#include "ops/matmul/matmul.h"
#include "ops/sigmoid_gate/sigmoid_gate.h"
#include "ops/swiglu/swiglu.h"

namespace hadal {
namespace {

using Parameters = FeedForwardParameters;
using Weights = FeedForwardWeights;

bool any_dense(const Parameters& p) {
  return p.dense_layers > 0;
}

/// What the two kinds of layers need lies in the same place.
struct Activations {
  float* gate = nullptr;           ///< [tokens, inner or shared_inner]
  float* up = nullptr;             ///< [tokens, inner or shared_inner]
  float* shared = nullptr;         ///< [tokens, width]: output of the shared experts
  float* shared_gate = nullptr;    ///< [tokens]
  float* logits = nullptr;         ///< [tokens, experts]
  float* weights = nullptr;        ///< [tokens, used]
  std::int32_t* chosen = nullptr;  ///< [tokens, used]
  float* experts = nullptr;        ///< For ops::experts().

  std::int64_t place(const Parameters& p, std::int64_t tokens, float* base) {
    Scratch scratch(base);
    const std::int64_t inner = std::max(any_dense(p) ? p.inner : 0, p.shared_inner);
    if (p.kind == FeedForwardKind::swiglu) gate = scratch.take(tokens * inner);
    up = scratch.take(tokens * inner);
    const ops::RouterShape& r = p.router;
    if (r.experts == 0) return scratch.used();
    if (p.shared_inner > 0) shared = scratch.take(tokens * p.width);
    if (p.gated_shared) shared_gate = scratch.take(tokens);
    logits = scratch.take(tokens * r.experts);
    weights = scratch.take(tokens * r.used);
    static_assert(sizeof(std::int32_t) == sizeof(float));
    chosen = reinterpret_cast<std::int32_t*>(scratch.take(tokens * r.used));
    experts = scratch.take(ops::experts_scratch(tokens, r.used, p.width, p.expert_inner));
    return scratch.used();
  }
};

void dense_layer(const ops::Context& context, const Parameters& p, const Mlp& w, std::int64_t tokens, const float* x,
                 const Activations& a, float* y) {
  if (p.kind == FeedForwardKind::swiglu) {
    ops::matmul(context, std::array{w.gate.into(a.gate), w.up.into(a.up)}, x, tokens);
    ops::swiglu(context, a.gate, a.up, tokens * p.inner, a.up);
  } else {
    ops::matmul(context, std::array{w.up.into(a.up)}, x, tokens);
    ops::gelu(context, tokens * p.inner, a.up);
  }
  ops::matmul(context, std::array{w.down.into(y)}, a.up, tokens);
}

/// The products of x that a layer with experts begins with.
void enter_experts(const ops::Context& context, const Parameters& p, const Weights& w, std::int64_t tokens,
                   const float* x, const Activations& a) {
  std::vector<ops::MatmulPart> parts{w.router.into(a.logits)};
  parts.front().decides = true;
  if (p.shared_inner > 0) {
    parts.push_back(w.mlp.gate.into(a.gate));
    parts.push_back(w.mlp.up.into(a.up));
  }
  if (p.gated_shared) parts.push_back(w.shared_gate.into(a.shared_gate));
  ops::matmul(context, parts, x, tokens);
}

void shared_experts(const ops::Context& context, const Parameters& p, const Weights& w, std::int64_t tokens,
                    const Activations& a) {
  ops::swiglu(context, a.gate, a.up, tokens * p.shared_inner, a.up);
  ops::matmul(context, std::array{w.mlp.down.into(a.shared)}, a.up, tokens);
  if (p.gated_shared) ops::sigmoid_gate(context, a.shared_gate, tokens, p.width, a.shared);
}

void count(const ops::ExpertRoutes& routes, std::int64_t layer, ExpertUsage& usage) {
  const auto first = static_cast<std::size_t>(layer) * usage.experts;
  if (first >= usage.chosen.size()) return;  // a layer for drafts
  for (std::int64_t i = 0; i < routes.tokens * routes.used; ++i) {
    const std::size_t at = first + static_cast<std::size_t>(routes.chosen[i]);
    ++usage.chosen[at];
    usage.weight[at] += static_cast<double>(routes.weights[i]);
  }
}

}  // namespace

void add_matrices(const Weights& w, ModelMatrices& out) {
  for (const Linear* linear : {&w.mlp.gate, &w.mlp.up, &w.mlp.down, &w.shared_gate}) {
    if (linear->weight.data) out.always.push_back(linear->weight);
  }
  for (const ops::Expert& expert : w.experts) {
    out.sometimes.insert(out.sometimes.end(), {expert.gate, expert.up, expert.down});
  }
}

std::uint64_t feed_forward_multiplications(const Parameters& p, std::int64_t layers) {
  const std::int64_t matrices = p.kind == FeedForwardKind::swiglu ? 3 : 2;
  const std::int64_t dense = std::min(layers, p.dense_layers);
  const std::int64_t sparse_inner = p.router.used * p.expert_inner + p.shared_inner;
  return static_cast<std::uint64_t>(matrices * p.width * (dense * p.inner + (layers - dense) * sparse_inner));
}

ExpertShape expert_shape(const Parameters& p, std::int64_t layers) {
  if (p.router.experts == 0) return {};
  return {static_cast<int>(layers), static_cast<int>(p.router.experts), static_cast<int>(p.router.used)};
}

std::int64_t feed_forward_scratch(const Parameters& p, std::int64_t tokens) {
  return Activations().place(p, tokens, nullptr);
}

void feed_forward(const ops::Context& context, const Parameters& p, const Weights& w, const Batch& batch,
                  std::int64_t layer, const float* x, float* scratch, float* y) {
  const auto tokens = static_cast<std::int64_t>(batch.ids.size());
  Activations a;
  a.place(p, tokens, scratch);
  if (p.dense(layer)) return dense_layer(context, p, w.mlp, tokens, x, a, y);
  ops::RouterShape router = p.router;
  if (batch.experts_used > 0) router.used = std::min<std::int64_t>(batch.experts_used, router.used);
  enter_experts(context, p, w, tokens, x, a);
  ops::route(context, router, a.logits, w.router_bias.empty() ? nullptr : w.router_bias.data(), tokens, a.chosen,
             a.weights);
  const ops::ExpertRoutes routes{tokens, router.used, a.chosen, a.weights};
  if (batch.usage) count(routes, layer, *batch.usage);
  if (p.shared_inner > 0) shared_experts(context, p, w, tokens, a);
  ops::experts(context, w.experts, routes, x, a.shared, a.experts, y);
}

}  // namespace hadal
