#include "ops/matmul/matmul.h"

namespace hadal::ops {

void matmul(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y) {
  return context.backend == Backend::reference ? reference::matmul(context, w, x, tokens, y)
                                               : cpu::matmul(context, w, x, tokens, y);
}

}  // namespace hadal::ops
