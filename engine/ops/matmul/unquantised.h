#pragma once

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops::cpu {

/// Rows [begin, end) of y = x W^T for weights of F32, F16, BF16 or 8-bit floats, x [tokens, w.cols], y [tokens,
/// w.rows]. A token's result does not depend, to the last bit, on the others computed with it.
void unquantised_rows(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y,
                      std::int64_t begin, std::int64_t end);

}  // namespace hadal::ops::cpu
