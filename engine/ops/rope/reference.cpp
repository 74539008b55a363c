#include "ops/rope/rope.h"

namespace hadal::ops::reference {

void rope(const Context&, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x) {
  const bool adjacent = rope.pairs == RopePairs::adjacent;
  for (std::int64_t t = 0; t < tokens; ++t, table += 2 * rope.dimensions) {
    for (std::int64_t h = 0; h < heads; ++h, x += head_size) {
      for (std::int64_t i = 0; i < rope.dimensions / 2; ++i) {
        const std::int64_t first = adjacent ? 2 * i : i, second = adjacent ? 2 * i + 1 : i + rope.dimensions / 2;
        const double cosine = table[first], sine = table[rope.dimensions + second];
        const double a = x[first], b = x[second];
        x[first] = static_cast<float>(a * cosine - b * sine);
        x[second] = static_cast<float>(a * sine + b * cosine);
      }
    }
  }
}

}  // namespace hadal::ops::reference
