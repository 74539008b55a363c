#pragma once

#include "ops/attention/attention.h"

namespace hadal::ops {

/// Elements before the vector of `position` and `kv_head` in a layer's keys or values.
inline std::int64_t kv_offset(const AttentionShape& shape, const KvLayerView& cache, const AttentionRow& row,
                              std::int64_t position, int kv_head) {
  const std::int64_t block = row.blocks[position / cache.block_tokens];
  const std::int64_t token = block * cache.block_tokens + position % cache.block_tokens;
  return (token * shape.kv_heads + kv_head) * stored_size(shape.head_size);
}

}  // namespace hadal::ops
