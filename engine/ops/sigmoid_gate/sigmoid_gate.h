#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// y[t] *= sigmoid(gate[t]) for rows y[t] of `width` elements: [tokens, width], gate [tokens]. One product an element
/// is too little work for a SIMD twin: both backends do the same.
void sigmoid_gate(const Context& context, const float* gate, std::int64_t tokens, std::int64_t width, float* y);

}  // namespace hadal::ops
