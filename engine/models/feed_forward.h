#pragma once

#include <cstdint>

#include "models/decoder.h"
#include "models/key_reader.h"
#include "models/layer_reader.h"
#include "models/weights.h"
#include "ops/context.h"

namespace hadal {

enum class FeedForwardKind {
  swiglu,  ///< down(silu(gate(x)) * up(x)), Shazeer 2020
  gelu,    ///< down(gelu(up(x))), the tanh form of Hendrycks and Gimpel 2016
};

/// What an architecture says of its feed-forward halves; the rest is in a file's keys.
struct FeedForwardStyle {
  FeedForwardKind kind = FeedForwardKind::swiglu;
};

/// What the feed-forward halves of a model's layers have in common.
struct FeedForwardParameters {
  FeedForwardKind kind = FeedForwardKind::swiglu;
  std::int64_t width = 0;  ///< Of the residual stream.
  std::int64_t inner = 0;  ///< Between the matrices.
};

/// One layer's.
struct FeedForwardWeights {
  Linear gate;  ///< [inner, width]; nothing where FeedForwardKind::gelu
  Linear up;    ///< [inner, width]
  Linear down;  ///< [width, inner]
};

/// Reads the keys of a model with `layers` layers of this width; errors stay in `keys`.
FeedForwardParameters read_feed_forward_parameters(KeyReader& keys, const FeedForwardStyle& style, std::int64_t layers,
                                                   std::int64_t width);
/// Of layer `layer`, whose tensors `read` has the prefix of; errors stay in `read`.
FeedForwardWeights read_feed_forward(LayerReader& read, const FeedForwardParameters& parameters, std::int64_t layer);

/// Multiplications of one token in layers 0 to `layers` - 1.
std::uint64_t feed_forward_multiplications(const FeedForwardParameters& parameters, std::int64_t layers);
/// Floats that feed_forward() needs for so many tokens; a multiple of 16.
std::int64_t feed_forward_scratch(const FeedForwardParameters& parameters, std::int64_t tokens);
/// y = f(x) for the batch's tokens, without norm and residual. x and y are [tokens, width], and may be the same;
/// `scratch` is aligned to 64 bytes. `layer` counts from 0 and only tells the layers apart.
void feed_forward(const ops::Context& context, const FeedForwardParameters& parameters,
                  const FeedForwardWeights& weights, const Batch& batch, std::int64_t layer, const float* x,
                  float* scratch, float* y);

}  // namespace hadal
