#include "ops/swiglu/swiglu.h"

#include "ops/operation_log.h"

namespace hadal::ops {

void swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out) {
  const TimedOperation timed(context.log, "swiglu");
  return context.backend == Backend::reference ? reference::swiglu(context, gate, up, count, out)
                                               : cpu::swiglu(context, gate, up, count, out);
}

}  // namespace hadal::ops
