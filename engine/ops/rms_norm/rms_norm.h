#pragma once

#include "ops/context.h"

namespace hadal::ops {

/// y[t] = x[t] / sqrt(mean(x[t]^2) + epsilon) * weight, over `tokens` rows of `width` (Zhang and Sennrich 2019, eq. 4).
/// y may be x.
void rms_norm(const Context& context, const float* x, const float* weight, float epsilon, std::int64_t tokens,
              std::int64_t width, float* y);

namespace reference {
void rms_norm(const Context& context, const float* x, const float* weight, float epsilon, std::int64_t tokens,
              std::int64_t width, float* y);
}

namespace cpu {
void rms_norm(const Context& context, const float* x, const float* weight, float epsilon, std::int64_t tokens,
              std::int64_t width, float* y);
}

}  // namespace hadal::ops
