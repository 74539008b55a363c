#pragma once

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops::cpu {

/// Columns that are rounded together, of activations and of BF16 weights: a chunk of a row has a scale of its own.
inline constexpr std::int64_t kChunkCols = 128;

constexpr std::int64_t chunks_of(std::int64_t cols) {
  return (cols + kChunkCols - 1) / kChunkCols;
}
/// Bytes of a token's activations: codes int16 [chunks, kChunkCols], zeros past the last column, then scales float32
/// [chunks].
constexpr std::int64_t chunked_bytes(std::int64_t cols) {
  return chunks_of(cols) * (2 * kChunkCols + 4);
}

/// Of sixteen packed rows (ops/matmul/packed.h).
inline constexpr std::int64_t kPackedChunkBytes = 16 * (2 * kChunkCols + 4);

/// Rounds x [tokens, cols] on the calling thread.
void round_chunks(const Context& context, const float* x, std::int64_t tokens, std::int64_t cols, std::byte* out);

/// Rows [begin, end) of y = x W^T for BF16 weights, y [tokens, w.rows]. A token's result does not depend, to the last
/// bit, on the others computed with it.
void bfloat16_rows(const Context& context, const WeightView& w, const std::byte* x, std::int64_t tokens, float* y,
                   std::int64_t begin, std::int64_t end);

/// As pack_rows() of ops/matmul/packed.h.
void pack_bfloat16(std::size_t cpu_target, const WeightView& w, std::int64_t group, std::byte* out);

}  // namespace hadal::ops::cpu
