#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace hadal {

/// Rows and columns of 8-bit weights that share a scale (DeepSeek-V3 technical report, section 3.3.2).
inline constexpr std::int64_t kScaleBlock = 128;

/// A weight matrix somebody else owns, already checked to lie inside its file: row-major [rows, cols], cols a
/// multiple of the type's block size. A vector is a matrix with one row.
struct WeightView {
  const std::byte* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DType type = DType::f32;
  /// Of DType::f8_e4m3, otherwise null: float32 [ceil(rows / 128), ceil(cols / 128)] of any alignment; a weight is
  /// its 8-bit number times its block's scale.
  const std::byte* scales = nullptr;
  std::int64_t first_row = 0;  ///< Of the matrix that `scales` belongs to, where the view is part of one.
  /// The whole matrix once more as ops/matmul/packed.h has it, or null.
  const std::byte* packed = nullptr;

  std::int64_t row_bytes() const {
    const DTypeTraits& traits = dtype_traits(type);
    return cols / traits.block_size * traits.block_bytes;
  }
  const std::byte* row(std::int64_t index) const { return data + index * row_bytes(); }
  float scale(std::int64_t row, std::int64_t col) const {
    const std::int64_t across = (cols + kScaleBlock - 1) / kScaleBlock;
    const std::int64_t block = (first_row + row) / kScaleBlock * across + col / kScaleBlock;
    float scale;
    std::memcpy(&scale, scales + block * static_cast<std::int64_t>(sizeof scale), sizeof scale);
    return scale;
  }
  /// The view of `count` rows from `first`.
  WeightView part(std::int64_t first, std::int64_t count) const {
    return {row(first), count, cols, type, scales, first_row + first};
  }
};

}  // namespace hadal
