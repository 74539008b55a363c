#include "ops/experts/experts.h"

#include "ops/operation_log.h"

namespace hadal::ops {
namespace {

OperationWork work_of(std::span<const Expert> experts, const ExpertRoutes& routes) {
  OperationWork work{.operation = "experts"};
  std::vector<std::int64_t> tokens(experts.size());
  for (std::int64_t i = 0; i < routes.tokens * routes.used; ++i) ++tokens[static_cast<std::size_t>(routes.chosen[i])];
  for (std::size_t e = 0; e < experts.size(); ++e) {
    if (tokens[e] == 0) continue;
    for (const WeightView* w : {&experts[e].gate, &experts[e].up, &experts[e].down}) work.add(*w, tokens[e]);
  }
  work.w = experts.empty() ? nullptr : &experts.front().gate;
  work.matrices = 3 * routes.used;
  return work;
}

}  // namespace

std::int64_t experts_scratch(std::int64_t tokens, std::int64_t used, std::int64_t width, std::int64_t inner) {
  // The sorted rows of x, then in their place the experts' outputs; the two inner rows of each route.
  return tokens * used * (width + 2 * inner);
}

void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y) {
  const TimedOperation timed(context.log, [&] { return work_of(experts, routes); });
  return context.backend == Backend::reference ? reference::experts(context, experts, routes, x, base, scratch, y)
                                               : cpu::experts(context, experts, routes, x, base, scratch, y);
}

}  // namespace hadal::ops
