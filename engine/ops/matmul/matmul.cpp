#include "ops/matmul/matmul.h"

namespace hadal::ops {

void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens) {
  return context.backend == Backend::reference ? reference::matmul(context, parts, x, tokens)
                                               : cpu::matmul(context, parts, x, tokens);
}

}  // namespace hadal::ops
