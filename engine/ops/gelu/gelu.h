#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// x[i] = x[i] / 2 * (1 + tanh(sqrt(2 / pi) * (x[i] + 0.044715 x[i]^3))), in place (Hendrycks and Gimpel 2016).
void gelu(const Context& context, std::int64_t count, float* x);

namespace reference {
void gelu(const Context& context, std::int64_t count, float* x);
}

namespace cpu {
void gelu(const Context& context, std::int64_t count, float* x);
}

}  // namespace hadal::ops
