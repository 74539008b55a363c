// Tiles of attention with stored keys and values. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_ATTENTION_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_ATTENTION_TILE_INL_H_
#undef HADAL_OPS_ATTENTION_TILE_INL_H_
#else
#define HADAL_OPS_ATTENTION_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/attention/block-inl.h"
#include "ops/attention/block_rows.h"
#include "ops/attention/layout.h"
#include "ops/attention/tile_scratch.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

inline void round_queries(const AttentionOperands& o, const AttentionTile& tile, const TileScratch& x) {
  const std::int64_t size = o.shape.head_size;
  for (int s = 0; s < tile.slots(); ++s) {
    const float* q = o.q + tile.offset(o.shape, s);
    x.rounded.query_scales[s * kMostSegments] =
        o.shape.scale * round_vector(q, size, x.rounded.queries + s * x.rounded.query_stride);
  }
}

/// The positions from `first` to before `end`, a block at most; `ahead` becomes what comes next.
inline Panels read_block(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, std::int32_t end,
                         const TileScratch& x, Ahead& ahead) {
  const int kv_head = tile.head / (o.shape.heads / o.shape.kv_heads);
  const std::int64_t size = o.shape.head_size, words = words_of(size);
  const auto rows = [&](const std::byte* base, std::int32_t from) HWY_ATTR {
    return BlockRows(base, from, std::min(end - from, kBlockPositions), o.cache.block_tokens,
                     o.shape.kv_heads * stored_size(o.shape.head_size), [&](std::int32_t position) {
                       return kv_offset(o.shape, o.cache, o.rows[tile.row], position, kv_head);
                     });
  };
  const auto keys = rows(o.cache.keys, first), values = rows(o.cache.values, first);
  const RoundedScratch& to = x.rounded;
  read_rows(keys.at, keys.count, size, to.keys, words, nullptr, to.key_scales);
  read_rows(values.at, keys.count, size, nullptr, 0, to.values, to.value_scales);
  const Panels panels{to.keys, to.values, to.key_scales, to.value_scales, {words, 0}, size, keys.count, &ahead};
  if (const std::int32_t next = first + kBlockPositions; next < end) {
    const auto next_keys = rows(o.cache.keys, next), next_values = rows(o.cache.values, next);
    ahead.add(next_keys.at, next_keys.count, stored_size(o.shape.head_size));
    ahead.add(next_values.at, next_values.count, stored_size(o.shape.head_size));
    ahead.divide(panels.steps(tile.slots()));
  }
  return panels;
}

/// Adds a block of cached positions to every row of the tile that may see it.
inline void attend_block(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, SoftmaxSums* sums,
                         float* out, const TileScratch& x) {
  const std::int32_t end = o.rows[tile.row + tile.rows - 1].position + 1;
  Ahead ahead;
  const Panels panels = read_block(o, tile, first, end, x, ahead);
  const auto seen = [&](int s) HWY_ATTR {
    const std::int32_t position = o.rows[tile.row + s / tile.heads].position;
    return Seen{std::max(o.shape.first_seen(position) - first, 0), std::min(position + 1 - first, kBlockPositions)};
  };
  attend_slots(tile.slots(), {x.rounded.queries, x.rounded.query_stride, x.rounded.query_scales}, panels, seen, sums,
               {out, padded_size(o.shape.head_size)});
}

/// One span of the tile's positions: sums [slots] and unscaled outputs [slots, padded head_size].
void attend_span(const AttentionOperands& o, const AttentionTile& tile, int span, SoftmaxSums* sums, float* out,
                 const TileScratch& x) {
  std::fill_n(sums, tile.slots(), SoftmaxSums{});
  std::fill_n(out, tile.slots() * padded_size(o.shape.head_size), 0.0F);
  round_queries(o, tile, x);
  const std::int32_t seen = o.shape.first_seen(o.rows[tile.row].position) / kBlockPositions * kBlockPositions;
  const std::int32_t begin = std::max(span * kSpanPositions, seen);
  const std::int32_t end = std::min((span + 1) * kSpanPositions, o.rows[tile.row + tile.rows - 1].position + 1);
  for (std::int32_t first = begin; first < end; first += kBlockPositions) attend_block(o, tile, first, sums, out, x);
}

/// Joins a span to those before it; `sums` and o.out hold them.
inline void join_span(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* span,
                      const float* span_out, SoftmaxSums* sums) {
  const std::int64_t size = o.shape.head_size;
  for (int s = 0; s < tile.slots(); ++s) {
    join(span[s], span_out + s * padded_size(size), size, sums[s], o.out + tile.offset(o.shape, s));
  }
}

inline void clear_tile(const AttentionOperands& o, const AttentionTile& tile, SoftmaxSums* sums) {
  for (int s = 0; s < tile.slots(); ++s) {
    sums[s] = {};
    std::fill_n(o.out + tile.offset(o.shape, s), o.shape.head_size, 0.0F);
  }
}

inline void divide_tile(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* sums) {
  for (int s = 0; s < tile.slots(); ++s) {
    float* out = o.out + tile.offset(o.shape, s);
    blend(1.0F / sums[s].total, out, 0.0F, o.shape.head_size, out);
  }
}

/// All spans of a tile, one after another.
void attend_tile(const AttentionOperands& o, const AttentionTile& tile, const TileScratch& x) {
  SoftmaxSums sums[kMostTileSlots];
  clear_tile(o, tile, sums);
  for (int span = tile.first_span(o.shape, o.rows); span < tile.end_span(o.rows); ++span) {
    attend_span(o, tile, span, x.sums, x.out, x);
    join_span(o, tile, x.sums, x.out, sums);
  }
  divide_tile(o, tile, sums);
}

/// The same from spans that were computed before: their sums [spans, slots] and outputs [spans, slots, padded
/// head_size].
void join_tile(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* span_sums,
               const float* span_out) {
  SoftmaxSums sums[kMostTileSlots];
  clear_tile(o, tile, sums);
  const int spans = tile.spans(o.shape, o.rows);
  for (int span = 0; span < spans; ++span) {
    join_span(o, tile, span_sums + span * tile.slots(), span_out + span * tile.slots() * padded_size(o.shape.head_size),
              sums);
  }
  divide_tile(o, tile, sums);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
