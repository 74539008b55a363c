#include "ops/layer_norm/layer_norm.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void layer_norm(const Context& context, const float* x, const float* weight, const float* bias, float epsilon,
                std::int64_t tokens, std::int64_t width, float* y) {
  const TimedOperation timed(context.log, "layer_norm");
  return context.backend == Backend::reference
             ? reference::layer_norm(context, x, weight, bias, epsilon, tokens, width, y)
             : cpu::layer_norm(context, x, weight, bias, epsilon, tokens, width, y);
}

}  // namespace hadal::ops
