#include "ops/router/router.h"

namespace hadal::ops {

void route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
           std::int64_t tokens, std::int32_t* chosen, float* weights) {
  return context.backend == Backend::reference ? reference::route(context, shape, logits, bias, tokens, chosen, weights)
                                               : cpu::route(context, shape, logits, bias, tokens, chosen, weights);
}

}  // namespace hadal::ops
