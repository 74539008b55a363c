#include "ops/rope/rope.h"

#include <cmath>

#include "ops/operation_log.h"

namespace hadal::ops {

void rope_table(const Context& context, const Rope& rope, const std::int32_t* positions, std::int64_t tokens,
                float* table) {
  const TimedOperation timed(context.log, "rope");
  const bool adjacent = rope.pairs == RopePairs::adjacent;
  // In double: the angle grows with the position, and float32 would lose its fraction at long contexts.
  context.pool.for_range(tokens, 16, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = 0; i < rope.dimensions / 2; ++i) {
      const std::int64_t first = adjacent ? 2 * i : i, second = adjacent ? 2 * i + 1 : i + rope.dimensions / 2;
      for (std::int64_t t = begin; t < end; ++t) {
        const double angle = static_cast<double>(positions[t]) * rope.frequencies[i];
        const auto cosine = static_cast<float>(std::cos(angle) * static_cast<double>(rope.magnitude));
        const auto sine = static_cast<float>(std::sin(angle) * static_cast<double>(rope.magnitude));
        float* cosines = table + t * 2 * rope.dimensions;
        float* sines = cosines + rope.dimensions;
        cosines[first] = cosines[second] = cosine;
        sines[first] = -sine;
        sines[second] = sine;
      }
    }
  });
}

void rope(const Context& context, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x) {
  const TimedOperation timed(context.log, "rope");
  return context.backend == Backend::reference ? reference::rope(context, rope, table, tokens, heads, head_size, x)
                                               : cpu::rope(context, rope, table, tokens, heads, head_size, x);
}

}  // namespace hadal::ops
