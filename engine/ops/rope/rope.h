#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

struct RopeParameters {
  float base = 10000.0F;           ///< theta.
  int dimensions = 0;              ///< Leading dimensions of a head that turn; the rest stay. Even.
  float scale = 1.0F;              ///< Positions are multiplied by this (linear scaling: 1 / factor).
  const float* factors = nullptr;  ///< [dimensions / 2] divisors of the frequencies, or null (rope_freqs of Llama 3).
};

/// The turns of `tokens` positions, made once per step and used by every layer: for pair i of a token the angle is
/// a = position * scale * base^(-2i / dimensions) / factors[i] (Su et al. 2021, eq. 15). `table` is
/// [tokens, 2, dimensions]: first (cos a, cos a) for each pair, then (-sin a, sin a).
void rope_table(const Context& context, const RopeParameters& parameters, const std::int32_t* positions,
                std::int64_t tokens, float* table);

/// Rotary position embedding, in place, over x [tokens, heads, head_size]: each adjacent pair (2i, 2i + 1) of the first
/// `dimensions` turns by its angle (Su et al. 2021, eq. 34). GGUF's llama files store q and k permuted for this
/// pairing.
void rope(const Context& context, const float* table, std::int64_t dimensions, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);

namespace reference {
void rope(const Context& context, const float* table, std::int64_t dimensions, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);
}
namespace cpu {
void rope(const Context& context, const float* table, std::int64_t dimensions, std::int64_t tokens, std::int64_t heads,
          std::int64_t head_size, float* x);
}

}  // namespace hadal::ops
