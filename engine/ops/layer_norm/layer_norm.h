#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// y[t] = (x[t] - mean(x[t])) / sqrt(variance(x[t]) + epsilon) * weight + bias, over `tokens` rows of `width`
/// (Ba et al. 2016, eq. 4). y may be x.
void layer_norm(const Context& context, const float* x, const float* weight, const float* bias, float epsilon,
                std::int64_t tokens, std::int64_t width, float* y);

namespace reference {
void layer_norm(const Context& context, const float* x, const float* weight, const float* bias, float epsilon,
                std::int64_t tokens, std::int64_t width, float* y);
}

namespace cpu {
void layer_norm(const Context& context, const float* x, const float* weight, const float* bias, float epsilon,
                std::int64_t tokens, std::int64_t width, float* y);
}

}  // namespace hadal::ops
