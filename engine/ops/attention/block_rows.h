#pragma once

#include <cstdint>

#include "ops/attention/attention.h"
#include "ops/attention/plan.h"

namespace hadal::ops {

/// Where the vectors of a block of positions lie in a cache. Those past the last one point to the last: they are read
/// with the others, and then not seen.
struct BlockRows {
  const std::int16_t* at[kBlockPositions];
  int count = 0;

  /// `count` positions from `first` on, a multiple of the cache's blocks; offset(position) gives the elements before a
  /// position's vector, and within a block of the cache they lie `stride` apart.
  template <class Offset>
  BlockRows(const std::byte* base, std::int32_t first, int positions, int block_tokens, std::int64_t stride,
            const Offset& offset)
      : count(positions) {
    const std::int16_t* row = nullptr;
    int left = 0;
    for (int p = 0; p < kBlockPositions; ++p) {
      if (p < positions) {
        row = left == 0 ? reinterpret_cast<const std::int16_t*>(base) + offset(first + p) : row + stride;
        left = (left == 0 ? block_tokens : left) - 1;
      }
      at[p] = row;
    }
  }
};

}  // namespace hadal::ops
