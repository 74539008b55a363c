#include "ops/gelu/gelu.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void gelu(const Context& context, std::int64_t count, float* x) {
  const TimedOperation timed(context.log, "gelu");
  return context.backend == Backend::reference ? reference::gelu(context, count, x) : cpu::gelu(context, count, x);
}

}  // namespace hadal::ops
