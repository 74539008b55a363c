#include "ops/router/router.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
           std::int64_t tokens, std::int32_t* chosen, float* weights) {
  const TimedOperation timed(context.log, "router");
  return context.backend == Backend::reference ? reference::route(context, shape, logits, bias, tokens, chosen, weights)
                                               : cpu::route(context, shape, logits, bias, tokens, chosen, weights);
}

}  // namespace hadal::ops
