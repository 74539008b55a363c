#include "ops/rope/rope.h"

#include <cmath>

namespace hadal::ops {

void rope_table(const Context& context, const RopeParameters& parameters, const std::int32_t* positions,
                std::int64_t tokens, float* table) {
  const std::int64_t dimensions = parameters.dimensions;
  // In double: the angle grows with the position, and float32 would lose its fraction at long contexts.
  context.pool.for_range(tokens, 16, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = 0; i < dimensions; i += 2) {
      double frequency =
          static_cast<double>(parameters.scale) *
          std::pow(static_cast<double>(parameters.base), -static_cast<double>(i) / static_cast<double>(dimensions));
      if (parameters.factors) frequency /= static_cast<double>(parameters.factors[i / 2]);
      for (std::int64_t t = begin; t < end; ++t) {
        const double angle = static_cast<double>(positions[t]) * frequency;
        const auto cosine = static_cast<float>(std::cos(angle)), sine = static_cast<float>(std::sin(angle));
        float* cosines = table + t * 2 * dimensions + i;
        float* sines = cosines + dimensions;
        cosines[0] = cosines[1] = cosine;
        sines[0] = -sine;
        sines[1] = sine;
      }
    }
  });
}

void rope(const Context& context, const float* table, std::int64_t dimensions, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x) {
  return context.backend == Backend::reference
             ? reference::rope(context, table, dimensions, tokens, heads, head_size, x)
             : cpu::rope(context, table, dimensions, tokens, heads, head_size, x);
}

}  // namespace hadal::ops
