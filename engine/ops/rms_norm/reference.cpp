#include <cmath>

#include "ops/rms_norm/rms_norm.h"

namespace hadal::ops::reference {

void rms_norm(const Context&, const float* x, const float* weight, float epsilon, std::int64_t tokens,
              std::int64_t width, float* y) {
  for (std::int64_t t = 0; t < tokens; ++t, x += width, y += width) {
    double squares = 0.0;
    for (std::int64_t i = 0; i < width; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(epsilon));
    for (std::int64_t i = 0; i < width; ++i) {
      y[i] = static_cast<float>(static_cast<double>(x[i]) * scale * static_cast<double>(weight[i]));
    }
  }
}

}  // namespace hadal::ops::reference
