#include "ops/matmul/matmul.h"

namespace hadal::ops {

void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens) {
  if (context.observer) {
    for (const MatmulPart& part : parts) context.observer->multiplied(part.w, x, tokens);
  }
  return context.backend == Backend::reference ? reference::matmul(context, parts, x, tokens)
                                               : cpu::matmul(context, parts, x, tokens);
}

}  // namespace hadal::ops
