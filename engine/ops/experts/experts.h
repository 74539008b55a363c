#pragma once

#include <cstdint>
#include <span>

#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// The matrices of one expert, a small SwiGLU feed-forward.
struct Expert {
  WeightView gate;  ///< [inner, width]
  WeightView up;    ///< [inner, width]
  WeightView down;  ///< [width, inner]
};

/// Which experts compute each token, as ops::route writes it.
struct ExpertRoutes {
  std::int64_t tokens = 0;
  std::int64_t used = 0;                 ///< Experts of a token, all different.
  const std::int32_t* chosen = nullptr;  ///< [tokens, used], numbers of experts
  const float* weights = nullptr;        ///< [tokens, used]
};

/// Floats of scratch that experts() needs.
std::int64_t experts_scratch(std::int64_t tokens, std::int64_t used, std::int64_t width, std::int64_t inner);

/// y[t] = base[t] + the sum over the token's experts, in the order of `chosen`, of weight * down(silu(gate(x[t])) *
/// up(x[t])). All experts have the same width and inner width. x, y and base are [tokens, width]; base may be null, and
/// y may be x or base. `scratch` is aligned to 64 bytes. The tokens are sorted by expert, so that each expert's weights
/// are read once, and a token's result does not depend on which others are computed with it.
void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y);

namespace reference {
void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y);
}

namespace cpu {
void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y);
}

}  // namespace hadal::ops
