#include <cmath>
#include <numbers>

#include "ops/gelu/gelu.h"

namespace hadal::ops::reference {

void gelu(const Context&, std::int64_t count, float* x) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double v = x[i];
    const double inner = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
    x[i] = static_cast<float>(v / 2 * (1 + std::tanh(inner)));
  }
}

}  // namespace hadal::ops::reference
