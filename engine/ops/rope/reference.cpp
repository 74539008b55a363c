#include "ops/rope/rope.h"

namespace hadal::ops::reference {

void rope(const Context&, const float* table, std::int64_t dimensions, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x) {
  for (std::int64_t t = 0; t < tokens; ++t, table += 2 * dimensions) {
    for (std::int64_t h = 0; h < heads; ++h, x += head_size) {
      for (std::int64_t i = 0; i < dimensions; i += 2) {
        const double cosine = table[i], sine = table[dimensions + i + 1];
        const double a = x[i], b = x[i + 1];
        x[i] = static_cast<float>(a * cosine - b * sine);
        x[i + 1] = static_cast<float>(a * sine + b * cosine);
      }
    }
  }
}

}  // namespace hadal::ops::reference
