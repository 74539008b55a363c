#include "ops/sigmoid_gate/sigmoid_gate.h"

#include <cmath>

#include "ops/operation_log.h"

namespace hadal::ops {

void sigmoid_gate(const Context& context, const float* gate, std::int64_t tokens, std::int64_t width, float* y) {
  const TimedOperation timed(context.log, "sigmoid_gate");
  context.pool.for_range(tokens, 8, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      const auto factor = static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(gate[t]))));
      for (std::int64_t i = 0; i < width; ++i) y[t * width + i] *= factor;
    }
  });
}

}  // namespace hadal::ops
