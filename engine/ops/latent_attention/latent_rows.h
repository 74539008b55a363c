#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/attention/plan.h"
#include "ops/latent_attention/operands.h"

namespace hadal::ops {

/// Where the latent rows of a block of positions lie in a cache. Those past the last one point to the last: they are
/// read with the others, and then not seen.
struct LatentRows {
  const std::int16_t* at[kBlockPositions];
  int count = 0;

  /// The rows from position `first`, at which a block of the cache begins, to before `end`.
  LatentRows(const LatentOperands& o, const AttentionRow& row, std::int32_t first, std::int32_t end)
      : count(std::min(end - first, kBlockPositions)) {
    const std::int16_t* latent = nullptr;
    for (int p = 0; p < kBlockPositions; ++p) {
      if (p < count) {
        const bool begins = p % KvLayerView::kBlockTokens == 0;
        latent = begins ? latent_row<std::int16_t>(o.shape, o.cache, row, first + p) : latent + o.shape.stored();
      }
      at[p] = latent;
    }
  }
};

}  // namespace hadal::ops
