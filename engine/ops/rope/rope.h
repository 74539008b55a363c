#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

/// Which dimensions turn together.
enum class RopePairs {
  adjacent,  ///< (2i, 2i + 1), as Su et al. 2021 write it.
  halves,    ///< (i, i + dimensions / 2), as most published weights have it.
};

struct Rope {
  const double* frequencies = nullptr;  ///< [dimensions / 2]: radians that a position turns each pair.
  std::int64_t dimensions = 0;          ///< Leading dimensions of a head that turn; the rest stay. Even.
  RopePairs pairs = RopePairs::adjacent;
  float magnitude = 1.0F;  ///< Of the cosines and sines; above 1 for YaRN.
};

/// The turns of `tokens` positions, made once per step and used by every layer. The angle of a token's pair is
/// a = position * frequency. `table` is [tokens, 2, dimensions]: cos a at both dimensions of each pair, then -sin a at
/// the first and sin a at the second.
void rope_table(const Context& context, const Rope& rope, const std::int32_t* positions, std::int64_t tokens,
                float* table);

/// Rotary position embedding, in place, over x [tokens, heads, head_size]: each pair turns by its angle
/// (Su et al. 2021, eq. 34).
void rope(const Context& context, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);

namespace reference {
void rope(const Context& context, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);
}
namespace cpu {
void rope(const Context& context, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);
}

}  // namespace hadal::ops
