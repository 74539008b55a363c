#pragma once

#include <cstdint>

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// Rows first .. first + rows - 1 of `w` as float32 [rows, w.cols], on the calling thread: for operations that need a
/// matrix otherwise than multiplied from the right.
void dequantise_rows(const Context& context, const WeightView& w, std::int64_t first, std::int64_t rows, float* out);

namespace reference {
void dequantise_rows(const Context& context, const WeightView& w, std::int64_t first, std::int64_t rows, float* out);
}
namespace cpu {
void dequantise_rows(const Context& context, const WeightView& w, std::int64_t first, std::int64_t rows, float* out);
}

}  // namespace hadal::ops
