#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace hadal {

/// A weight matrix somebody else owns, already checked to lie inside its file: row-major [rows, cols], cols a
/// multiple of the type's block size. A vector is a matrix with one row.
struct WeightView {
  const std::byte* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DType type = DType::f32;

  std::int64_t row_bytes() const {
    const DTypeTraits& traits = dtype_traits(type);
    return cols / traits.block_size * traits.block_bytes;
  }
  const std::byte* row(std::int64_t index) const { return data + index * row_bytes(); }
};

}  // namespace hadal
