#pragma once

#include "ops/latent_attention/latent_attention.h"

namespace hadal::ops {

/// Elements before the latent row of `position` in a layer's keys.
inline std::int64_t latent_offset(const LatentShape& shape, const KvLayerView& cache, const AttentionRow& row,
                                  std::int64_t position) {
  const std::int64_t block = row.blocks[position / cache.block_tokens];
  return (block * cache.block_tokens + position % cache.block_tokens) * shape.stored();
}

}  // namespace hadal::ops
