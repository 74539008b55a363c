#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/view.h"

namespace hadal {

/// Writes `count` elements of a row as float32. `count` must be a multiple of the type's block size and the type
/// computable (dtype_traits); of f8_e4m3 come the 8-bit numbers without their scales. `row` needs no alignment. Plain
/// scalar code: the yardstick for the SIMD kernels.
void dequantise_row(DType type, const std::byte* row, std::int64_t count, float* out);

/// The same for row `row` of a matrix, with the scales that 8-bit floats need.
void dequantise_row(const WeightView& w, std::int64_t row, float* out);

}  // namespace hadal
