#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// out[i] = gate[i] * sigmoid(gate[i]) * up[i] (Shazeer 2020). out may be gate or up.
void swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out);

namespace reference {
void swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out);
}

namespace cpu {
void swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out);
/// On the calling thread.
void swiglu_piece(const Context& context, const float* gate, const float* up, std::int64_t count, float* out);
}  // namespace cpu

}  // namespace hadal::ops
