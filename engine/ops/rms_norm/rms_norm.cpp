#include "ops/rms_norm/rms_norm.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void rms_norm(const Context& context, const float* x, const float* weight, float epsilon, std::int64_t tokens,
              std::int64_t width, float* y) {
  const TimedOperation timed(context.log, "rms_norm");
  return context.backend == Backend::reference ? reference::rms_norm(context, x, weight, epsilon, tokens, width, y)
                                               : cpu::rms_norm(context, x, weight, epsilon, tokens, width, y);
}

}  // namespace hadal::ops
