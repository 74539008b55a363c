#pragma once

#include <cstdint>
#include <vector>

#include "models/decoder.h"
#include "models/key_reader.h"
#include "models/layer_reader.h"
#include "models/weights.h"
#include "ops/context.h"
#include "ops/experts/experts.h"
#include "ops/router/router.h"

namespace hadal {

enum class FeedForwardKind {
  swiglu,  ///< down(silu(gate(x)) * up(x)), Shazeer 2020
  gelu,    ///< down(gelu(up(x))), the tanh form of Hendrycks and Gimpel 2016
};

/// What an architecture says of its feed-forward halves; the rest is in a file's keys.
struct FeedForwardStyle {
  FeedForwardKind kind = FeedForwardKind::swiglu;
  bool experts = false;       ///< Past the leading dense layers each token chooses some of many experts.
  bool normalised = false;    ///< RouterShape::normalised, where the key expert_weights_norm is missing.
  bool gated_shared = false;  ///< The shared expert is multiplied with a sigmoid of its own (Qwen2-MoE).
};

/// What the feed-forward halves of a model's layers have in common.
struct FeedForwardParameters {
  FeedForwardKind kind = FeedForwardKind::swiglu;
  std::int64_t width = 0;         ///< Of the residual stream.
  std::int64_t inner = 0;         ///< Between the matrices of a dense layer.
  std::int64_t dense_layers = 0;  ///< The leading ones; the others have experts.
  std::int64_t expert_inner = 0;  ///< Between the matrices of a routed expert.
  std::int64_t shared_inner = 0;  ///< Of the shared experts together; 0: there are none.
  bool gated_shared = false;
  ops::RouterShape router;

  bool dense(std::int64_t layer) const { return layer < dense_layers; }
};

/// The matrices of a dense layer, or of the shared experts, which together are one.
struct Mlp {
  Linear gate;  ///< [inner, width]; nothing where FeedForwardKind::gelu
  Linear up;    ///< [inner, width]
  Linear down;  ///< [width, inner]
};

/// One layer's.
struct FeedForwardWeights {
  Mlp mlp;                         ///< Of a dense layer, or of the shared experts; nothing where there are none.
  Linear shared_gate;              ///< [1, width], or nothing
  Linear router;                   ///< [experts, width], or nothing
  std::vector<float> router_bias;  ///< [experts], or empty: for the choice alone
  std::vector<ops::Expert> experts;
};

/// Reads the keys of a model with `layers` layers of this width; errors stay in `keys`.
FeedForwardParameters read_feed_forward_parameters(KeyReader& keys, const FeedForwardStyle& style, std::int64_t layers,
                                                   std::int64_t width);
/// Of layer `layer`, whose tensors `read` has the prefix of; errors stay in `read`. The experts may lie in one tensor a
/// matrix, "ffn_up_exps", with gate and up in one, "ffn_gate_up_exps", or in one tensor each, "ffn_up.17".
FeedForwardWeights read_feed_forward(LayerReader& read, const FeedForwardParameters& parameters, std::int64_t layer);

/// Refuses a file whose layers with experts, of `layers` layers in all, have a bias for the choice only in part: the
/// others would choose other experts than they were trained to.
Result<void> router_biases_agree(const Checkpoint& file, const FeedForwardParameters& parameters, std::int64_t layers);

void add_matrices(const FeedForwardWeights& weights, ModelMatrices& out);

/// Multiplications of one token in layers 0 to `layers` - 1.
std::uint64_t feed_forward_multiplications(const FeedForwardParameters& parameters, std::int64_t layers);
/// What is to be counted of such layers' routing.
ExpertShape expert_shape(const FeedForwardParameters& parameters, std::int64_t layers);
/// Floats that feed_forward() needs for so many tokens; a multiple of 16.
std::int64_t feed_forward_scratch(const FeedForwardParameters& parameters, std::int64_t tokens);
/// y = f(x) for the batch's tokens, without norm and residual. x and y are [tokens, width], and may be the same;
/// `scratch` is aligned to 64 bytes. `layer` counts from 0 and only tells the layers apart.
void feed_forward(const ops::Context& context, const FeedForwardParameters& parameters,
                  const FeedForwardWeights& weights, const Batch& batch, std::int64_t layer, const float* x,
                  float* scratch, float* y);

}  // namespace hadal
