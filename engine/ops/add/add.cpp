#include "ops/add/add.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void add(const Context& context, const float* x, std::int64_t count, float* y) {
  const TimedOperation timed(context.log, "add");
  return context.backend == Backend::reference ? reference::add(context, x, count, y) : cpu::add(context, x, count, y);
}

}  // namespace hadal::ops
