#include "ops/add/add.h"

namespace hadal::ops {

void add(const Context& context, const float* x, std::int64_t count, float* y) {
  return context.backend == Backend::reference ? reference::add(context, x, count, y) : cpu::add(context, x, count, y);
}

}  // namespace hadal::ops
