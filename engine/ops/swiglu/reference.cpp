#include <cmath>

#include "ops/swiglu/swiglu.h"

namespace hadal::ops::reference {

void swiglu(const Context&, const float* gate, const float* up, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double g = gate[i];
    out[i] = static_cast<float>(g / (1.0 + std::exp(-g)) * static_cast<double>(up[i]));
  }
}

}  // namespace hadal::ops::reference
