#pragma once

#include <span>

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// One of several matrices that are multiplied with the same activations.
struct MatmulPart {
  WeightView w;
  float* y = nullptr;           ///< [tokens, w.rows], float32 row-major
  const float* bias = nullptr;  ///< [w.rows], or null
  bool decides = false;         ///< Scores that are compared: activations are not rounded for BF16 weights.
};

/// y = x W^T + bias for every part. `x` is [tokens, w.cols], float32 row-major; all parts have as many columns, and
/// nothing overlaps. Any computable weight type; products are accumulated in float32 (reference: float64). Several
/// parts in one call spare the threads the waits between them.
void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens);

inline void matmul(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y) {
  const MatmulPart part{w, y};
  matmul(context, {&part, 1}, x, tokens);
}

namespace reference {
void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens);
}

namespace cpu {
void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens);

// For operations that divide their work among the pool's threads themselves:

/// Activations as the kernels read them: [tokens, cols] in float32, and for quantised weights in tiles besides
/// (ops/matmul/quantised.h).
struct MatmulInput {
  const float* x = nullptr;
  std::int64_t tokens = 0;
  const std::byte* tiles = nullptr;
};
/// Rows [begin, end) of the part's y, without its bias and on the calling thread. `begin` is a multiple of 16.
void matmul_rows(const Context& context, const MatmulPart& part, const MatmulInput& x, std::int64_t begin,
                 std::int64_t end);
}  // namespace cpu

}  // namespace hadal::ops
