#include <cmath>

#include "ops/layer_norm/layer_norm.h"

namespace hadal::ops::reference {

void layer_norm(const Context&, const float* x, const float* weight, const float* bias, float epsilon,
                std::int64_t tokens, std::int64_t width, float* y) {
  for (std::int64_t t = 0; t < tokens; ++t, x += width, y += width) {
    double sum = 0.0, squares = 0.0;
    for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(x[i]);
    const double mean = sum / static_cast<double>(width);
    for (std::int64_t i = 0; i < width; ++i) {
      const double centred = static_cast<double>(x[i]) - mean;
      squares += centred * centred;
    }
    const double scale = 1.0 / std::sqrt(squares / static_cast<double>(width) + static_cast<double>(epsilon));
    for (std::int64_t i = 0; i < width; ++i) {
      const double normed = (static_cast<double>(x[i]) - mean) * scale;
      y[i] = static_cast<float>(normed * static_cast<double>(weight[i]) + static_cast<double>(bias[i]));
    }
  }
}

}  // namespace hadal::ops::reference
