#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/matmul/bfloat16.h"
#include "tensor/dtype.h"

namespace hadal::ops {

/// How activations are rounded to integers before they meet quantised weights: in blocks of 32, x = scale * n.
///
/// Weights of 4 bits that people choose for speed (Q4_0, Q4_K) meet n of 8 bits, scale = max |x| / 127: the rounding of
/// the weights is some twenty times coarser. All others meet n of 14 bits in two planes, n = 128 high + low with both
/// in -64..64, scale = max |x| / 8191, for twice the arithmetic: what such a type is chosen for is not lost again.
/// That is for processors with a product of four bytes; those without (AVX2, SSE2) multiply pairs of int16 instead and
/// have n as it is.
struct ActivationFormat {
  int planes = 0;       ///< 1 or 2; 0 where the weights are multiplied in float32 or in chunks.
  int halves = 0;       ///< Scales of 32 weights: 1, of 16: 2.
  int bias = 0;         ///< A weight is scale * (code - bias), or where this is 0, scale * code + minimum.
  bool chunks = false;  ///< For bfloat16 weights: as ops/matmul/bfloat16.h has it.

  bool operator==(const ActivationFormat&) const = default;
  bool rounds() const { return planes > 0 || chunks; }

  /// Bytes of a token's block: the planes, the scale, and a word for each half of the block: what a weight's code
  /// leaves out. With a bias that is -bias * sum(n), an int32; with a minimum scale * sum(n), a float.
  std::int64_t block_bytes() const { return 32 * planes + 4 + 4 * halves; }
  std::int64_t bytes(std::int64_t tokens, std::int64_t cols) const {
    return chunks ? tokens * cpu::chunked_bytes(cols) : tokens * (cols / 32) * block_bytes();
  }
};

/// Tokens whose blocks lie side by side: a tile is [cols / 32] blocks, each of them planes of codes
/// int8 [planes, tokens, 32], then scales float32 [tokens], then words [halves, tokens]. The last tile of a matrix has
/// the tokens that are left. Where pairs of int16 are multiplied, two planes are int16 [tokens, 32], of every four n
/// the even ones first: a tile is for the processor target that made it.
inline constexpr int kTileTokens = 4;

ActivationFormat activation_format(DType weights);

}  // namespace hadal::ops
