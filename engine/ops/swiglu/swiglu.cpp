#include "ops/swiglu/swiglu.h"

namespace hadal::ops {

void swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out) {
  return context.backend == Backend::reference ? reference::swiglu(context, gate, up, count, out)
                                               : cpu::swiglu(context, gate, up, count, out);
}

}  // namespace hadal::ops
