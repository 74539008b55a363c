#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ops/attention/scratch.h"
#include "ops/context.h"
#include "ops/latent_attention/latent_attention.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed.h"
#include "ops/matmul/quantised.h"

namespace hadal::ops {

/// Tokens that are multiplied with a head's matrix at once.
inline constexpr std::int64_t kProductTokens = 32;

/// Whether a head's matrices are multiplied as matmul does it: its rows are then a product's outputs, and whole groups
/// of packed rows.
inline bool multiplies_rounded(const HeadMatrices& matrices) {
  return activation_format(matrices.all.type).rounds() && matrices.first % kPackedRows == 0 &&
         matrices.step % kPackedRows == 0;
}

/// What one thread needs for such products.
struct HeadProductScratch {
  float* inputs = nullptr;     ///< [kProductTokens, cols], side by side
  float* outputs = nullptr;    ///< [kProductTokens, rows]
  std::byte* tiles = nullptr;  ///< The inputs, rounded.

  void place(const HeadMatrices& matrices, std::int64_t rows, ScratchPlacer& placer) {
    if (!multiplies_rounded(matrices)) return;
    const std::int64_t cols = matrices.all.cols;
    inputs = placer.take<float>(kProductTokens * cols);
    outputs = placer.take<float>(kProductTokens * rows);
    tiles = placer.take<std::byte>(activation_format(matrices.all.type).bytes(kProductTokens, cols));
  }
};

/// Rows of floats, `stride` apart.
template <class T>
struct Strided {
  T* at;
  std::int64_t stride;

  T* operator[](std::int64_t i) const { return at + i * stride; }
};

/// y [tokens][rows] = x [tokens][cols] w^T for the first `rows` rows of a head's matrix, on the calling thread.
inline void multiply_head(const Context& context, const HeadMatrices& matrices, int head, std::int64_t rows,
                          Strided<const float> x, std::int64_t tokens, const HeadProductScratch& scratch,
                          Strided<float> y) {
  const std::int64_t cols = matrices.all.cols;
  const WeightView w = matrices.of(head, rows);
  for (std::int64_t first = 0; first < tokens; first += kProductTokens) {
    const std::int64_t count = std::min(kProductTokens, tokens - first);
    for (std::int64_t t = 0; t < count; ++t) std::copy_n(x[first + t], cols, scratch.inputs + t * cols);
    cpu::round_activations(context, activation_format(w.type), scratch.inputs, count, cols, scratch.tiles);
    cpu::matmul_rows(context, {w, scratch.outputs}, {scratch.inputs, count, scratch.tiles}, 0, rows);
    for (std::int64_t t = 0; t < count; ++t) std::copy_n(scratch.outputs + t * rows, rows, y[first + t]);
  }
}

}  // namespace hadal::ops
