#pragma once

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// y = x W^T. `x` is [tokens, w.cols], `y` is [tokens, w.rows], both float32 row-major and not overlapping.
/// Any computable weight type; products are accumulated in float32 (reference: float64).
void matmul(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y);

namespace reference {
void matmul(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y);
}

namespace cpu {
void matmul(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y);
}

}  // namespace hadal::ops
