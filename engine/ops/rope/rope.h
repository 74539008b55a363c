#pragma once

#include <cstdint>

#include "ops/context.h"

namespace hadal::ops {

struct RopeParameters {
  float base = 10000.0F;      ///< theta.
  int dimensions = 0;         ///< Leading dimensions of a head that turn; the rest stay.
  const float* factors = nullptr;  ///< [dimensions / 2] divisors of the frequencies, or null (rope_freqs of Llama 3).
};

/// Rotary position embedding, in place, over x [tokens, heads, head_size]: each adjacent pair (2i, 2i + 1) turns by
/// position * base^(-2i / dimensions) (Su et al. 2021, eq. 34). GGUF's llama files store q and k permuted for this pairing.
void rope(const Context& context, const RopeParameters& parameters, const std::int32_t* positions, std::int64_t tokens,
          std::int64_t heads, std::int64_t head_size, float* x);

}  // namespace hadal::ops
