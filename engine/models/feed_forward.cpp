#include "models/feed_forward.h"

#include <array>

#include "models/scratch.h"
#include "ops/gelu/gelu.h"
#include "ops/matmul/matmul.h"
#include "ops/swiglu/swiglu.h"

namespace hadal {
namespace {

struct Activations {
  float* gate = nullptr;  ///< [tokens, inner]
  float* up = nullptr;    ///< [tokens, inner]

  std::int64_t place(const FeedForwardParameters& p, std::int64_t tokens, float* base) {
    Scratch scratch(base);
    if (p.kind == FeedForwardKind::swiglu) gate = scratch.take(tokens * p.inner);
    up = scratch.take(tokens * p.inner);
    return scratch.used();
  }
};

}  // namespace

FeedForwardParameters read_feed_forward_parameters(KeyReader& keys, const FeedForwardStyle& style, std::int64_t,
                                                   std::int64_t width) {
  return {style.kind, width, keys.count("feed_forward_length")};
}

FeedForwardWeights read_feed_forward(LayerReader& read, const FeedForwardParameters& p, std::int64_t) {
  FeedForwardWeights weights;
  if (p.kind == FeedForwardKind::swiglu) read.linear("ffn_gate", p.inner, p.width, weights.gate);
  read.linear("ffn_up", p.inner, p.width, weights.up);
  read.linear("ffn_down", p.width, p.inner, weights.down);
  return weights;
}

std::uint64_t feed_forward_multiplications(const FeedForwardParameters& p, std::int64_t layers) {
  const std::int64_t matrices = p.kind == FeedForwardKind::swiglu ? 3 : 2;
  return static_cast<std::uint64_t>(layers * matrices * p.width * p.inner);
}

std::int64_t feed_forward_scratch(const FeedForwardParameters& p, std::int64_t tokens) {
  return Activations().place(p, tokens, nullptr);
}

void feed_forward(const ops::Context& context, const FeedForwardParameters& p, const FeedForwardWeights& w,
                  const Batch& batch, std::int64_t, const float* x, float* scratch, float* y) {
  const auto tokens = static_cast<std::int64_t>(batch.ids.size());
  Activations a;
  a.place(p, tokens, scratch);
  if (p.kind == FeedForwardKind::swiglu) {
    ops::matmul(context, std::array{w.gate.into(a.gate), w.up.into(a.up)}, x, tokens);
    ops::swiglu(context, a.gate, a.up, tokens * p.inner, a.up);
  } else {
    ops::matmul(context, std::array{w.up.into(a.up)}, x, tokens);
    ops::gelu(context, tokens * p.inner, a.up);
  }
  ops::matmul(context, std::array{w.down.into(y)}, a.up, tokens);
}

}  // namespace hadal
