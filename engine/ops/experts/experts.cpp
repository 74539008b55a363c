#include "ops/experts/experts.h"

namespace hadal::ops {

std::int64_t experts_scratch(std::int64_t tokens, std::int64_t used, std::int64_t width, std::int64_t inner) {
  // The sorted rows of x, then in their place the experts' outputs; the two inner rows of each route.
  return tokens * used * (width + 2 * inner);
}

void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y) {
  return context.backend == Backend::reference ? reference::experts(context, experts, routes, x, base, scratch, y)
                                               : cpu::experts(context, experts, routes, x, base, scratch, y);
}

}  // namespace hadal::ops
