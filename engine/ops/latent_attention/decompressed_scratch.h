#pragma once

#include <cstdint>

#include "ops/attention/plan.h"
#include "ops/latent_attention/operands.h"

namespace hadal::ops {

/// Rows of a matrix whose panels are always whole.
constexpr int padded(int rows) {
  return (rows + kPanelRows - 1) / kPanelRows * kPanelRows;
}

/// What one thread needs for one head of a run. Besides `sums` it does not depend on how many rows or positions there
/// are: 1.2 MB for DeepSeek-V2 and V3.
struct DecompressedScratch {
  float* key_matrix = nullptr;    ///< [padded nope, rank]
  float* value_matrix = nullptr;  ///< [padded value, rank]
  float* latents = nullptr;       ///< [kBlockPositions, row()]
  float* keys = nullptr;          ///< [kBlockPositions, key()]
  float* values = nullptr;        ///< [kBlockPositions, value]
  SoftmaxSums* sums = nullptr;    ///< [rows]

  /// Lays the floats out from `base` (null to count only) and returns how many there are.
  std::int64_t place(const LatentShape& s, float* base) {
    std::int64_t used = 0;
    const auto take = [&](std::int64_t floats) {
      float* at = base ? base + used : nullptr;
      used += (floats + 15) / 16 * 16;
      return at;
    };
    key_matrix = take(static_cast<std::int64_t>(padded(s.nope)) * s.rank);
    value_matrix = take(static_cast<std::int64_t>(padded(s.value)) * s.rank);
    latents = take(static_cast<std::int64_t>(kBlockPositions) * s.row());
    keys = take(static_cast<std::int64_t>(kBlockPositions) * s.key());
    values = take(static_cast<std::int64_t>(kBlockPositions) * s.value);
    return used;
  }
};

}  // namespace hadal::ops
