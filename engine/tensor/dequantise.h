#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace hadal {

/// Writes `count` elements of a row as float32. `count` must be a multiple of the type's block size and the type
/// computable (dtype_traits). `row` needs no alignment. Plain scalar code: the yardstick for the SIMD kernels.
void dequantise_row(DType type, const std::byte* row, std::int64_t count, float* out);

}  // namespace hadal
