#pragma once

#include "ops/latent_attention/latent_attention.h"

namespace hadal::ops {

/// The latent row of `position`, in a cache of type Element.
template <class Element>
Element* latent_row(const LatentShape& shape, const KvLayerView& cache, const AttentionRow& row,
                    std::int64_t position) {
  std::byte* block = cache.keys + row.blocks[position / KvLayerView::kBlockTokens] * cache.block_bytes;
  return reinterpret_cast<Element*>(block) + position % KvLayerView::kBlockTokens * shape.stored();
}

}  // namespace hadal::ops
