#pragma once

#include "ops/attention/scratch.h"

namespace hadal::ops {

/// What one thread needs for a tile; it does not depend on the context's length.
struct TileScratch {
  RoundedQueries rounded;
  SoftmaxSums* sums = nullptr;  ///< [kMostTileSlots], of one span
  float* out = nullptr;         ///< [kMostTileSlots, padded head_size], of one span

  void place(const AttentionShape& shape, ScratchPlacer& placer) {
    rounded.place(kMostTileSlots, shape.head_size, placer);
    sums = placer.take<SoftmaxSums>(kMostTileSlots);
    out = placer.take<float>(kMostTileSlots * padded_size(shape.head_size));
  }
};

}  // namespace hadal::ops
