#include <vector>

#include "ops/experts/experts.h"
#include "ops/matmul/matmul.h"
#include "ops/swiglu/swiglu.h"

namespace hadal::ops::reference {

/// Route by route, with the plain twins of matmul and swiglu.
void experts(const Context& context, std::span<const Expert> experts, const ExpertRoutes& routes, const float* x,
             const float* base, float* scratch, float* y) {
  const std::int64_t width = experts.front().down.rows, inner = experts.front().gate.rows;
  float *gate = scratch, *up = gate + inner, *out = up + inner;
  for (std::int64_t t = 0; t < routes.tokens; ++t) {
    std::vector<double> sum(static_cast<std::size_t>(width), 0.0);
    if (base) sum.assign(base + t * width, base + (t + 1) * width);
    for (std::int64_t i = t * routes.used; i < (t + 1) * routes.used; ++i) {
      const Expert& expert = experts[static_cast<std::size_t>(routes.chosen[i])];
      const MatmulPart parts[] = {{expert.gate, gate}, {expert.up, up}}, down[] = {{expert.down, out}};
      reference::matmul(context, parts, x + t * width, 1);
      reference::swiglu(context, gate, up, inner, up);
      if (context.observer) {
        context.observer->multiplied(expert.gate, x + t * width, 1);
        context.observer->multiplied(expert.up, x + t * width, 1);
        context.observer->multiplied(expert.down, up, 1);
      }
      reference::matmul(context, down, up, 1);
      for (std::int64_t c = 0; c < width; ++c) {
        sum[static_cast<std::size_t>(c)] += static_cast<double>(routes.weights[i]) * static_cast<double>(out[c]);
      }
    }
    for (std::int64_t c = 0; c < width; ++c) y[t * width + c] = static_cast<float>(sum[static_cast<std::size_t>(c)]);
  }
}

}  // namespace hadal::ops::reference
