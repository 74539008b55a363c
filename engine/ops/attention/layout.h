#pragma once

#include "ops/attention/attention.h"

namespace hadal::ops {

/// The vector of `position` and `kv_head` in a layer's keys or values of type f32.
inline float* plain_vector(std::byte* part, const KvLayerView& cache, const AttentionShape& shape,
                           const AttentionRow& row, std::int64_t position, int kv_head) {
  auto* block = reinterpret_cast<float*>(part + row.blocks[position / KvLayerView::kBlockTokens] * cache.block_bytes);
  return block + (position % KvLayerView::kBlockTokens * shape.kv_heads + kv_head) * stored_size(shape.head_size);
}

}  // namespace hadal::ops
