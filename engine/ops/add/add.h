#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// y[i] += x[i].
void add(const Context& context, const float* x, std::int64_t count, float* y);

namespace reference {
void add(const Context& context, const float* x, std::int64_t count, float* y);
}

namespace cpu {
void add(const Context& context, const float* x, std::int64_t count, float* y);
}

}  // namespace hadal::ops
