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

/// One position's vector into a kv head's panel of keys in the cache.
void store_key(const float* x, std::int64_t size, int position, std::byte* panel) {
  std::uint32_t words[rounded_words(kMostHeadSize)];
  const float scale = round_vector(x, size, words);
  auto* to = reinterpret_cast<std::uint32_t*>(panel) + key_word(rounded_words(size), position, 0);
  for (std::int64_t i = 0; i < rounded_words(size); ++i) to[i * kKeyLanes] = words[i];
  scales_behind(panel, size)[position] = scale;
}

void store_value(const float* x, std::int64_t size, int position, std::byte* panel) {
  std::uint32_t words[rounded_words(kMostHeadSize)];
  const float scale = round_vector(x, size, words);
  const auto* codes = reinterpret_cast<const std::int16_t*>(words);
  for (std::int64_t i = 0; i < padded_size(size); i += kValueGroup) {
    auto* to = reinterpret_cast<std::int16_t*>(panel) + 2 * value_word(position, i) + position % 2;
    for (int j = 0; j < kValueGroup; ++j) to[2 * j] = codes[i + j];
  }
  scales_behind(panel, size)[position] = scale;
}

/// What the cache holds for the tile's kv head at the positions from `first` on, a block at most.
inline Panels read_block(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first) {
  const std::int64_t size = o.shape.head_size;
  const std::int32_t end = o.rows[tile.row + tile.rows - 1].position + 1;
  const int kv_head = tile.head / (o.shape.heads / o.shape.kv_heads);
  Panels panels{{}, {rounded_words(size), 0}, size, std::min(end - first, kBlockPositions)};
  for (int i = 0; i * kPanelPositions < panels.count; ++i) {
    const std::int32_t block = o.rows[tile.row].blocks[first / kPanelPositions + i];
    std::byte* keys = cached_panel(o.cache.keys, o.cache, o.shape, block, kv_head);
    std::byte* values = cached_panel(o.cache.values, o.cache, o.shape, block, kv_head);
    panels.of[i] = {reinterpret_cast<const std::uint32_t*>(keys), reinterpret_cast<const std::uint32_t*>(values),
                    scales_behind(keys, size), scales_behind(values, size)};
  }
  return panels;
}

/// `ahead` becomes the tile's block from `first` on.
inline void look_ahead(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, Ahead& ahead) {
  const Panels panels = read_block(o, tile, first);
  const std::int64_t bytes = cached_panel_bytes(o.shape.head_size);
  for (int i = 0; i * kPanelPositions < panels.count; ++i) ahead.add(panels.of[i].keys, bytes);
  for (int i = 0; i * kPanelPositions < panels.count; ++i) ahead.add(panels.of[i].values, bytes);
}

/// Adds a block of cached positions to every row of the tile that may see it, while `ahead` is asked for.
inline void attend_block(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, Ahead& ahead,
                         SoftmaxSums* sums, float* out, const TileScratch& x) {
  Panels panels = read_block(o, tile, first);
  panels.ahead = &ahead;
  ahead.divide(panels.steps(tile.slots()));
  const auto seen = [&](int s) HWY_ATTR {
    const std::int32_t position = o.rows[tile.row + s / tile.heads].position;
    return Seen{std::max(o.shape.first_seen(position) - first, 0), std::min(position + 1 - first, kBlockPositions)};
  };
  attend_slots(tile.slots(), {x.rounded.queries, x.rounded.query_stride, x.rounded.query_scales}, panels, seen, sums,
               {out, padded_size(o.shape.head_size)});
}

/// The first position that a tile sees of a span, as a block begins.
inline std::int32_t first_of_span(const AttentionOperands& o, const AttentionTile& tile, int span) {
  const std::int32_t seen = o.shape.first_seen(o.rows[tile.row].position) / kBlockPositions * kBlockPositions;
  return std::max(span * kSpanPositions, seen);
}

/// One span of a tile's positions: sums [slots] and unscaled outputs [slots, padded head_size]. `next`: what this
/// thread is likely to be given after it, if anything.
void attend_span(const AttentionOperands& o, const AttentionPart& part, const AttentionPart* next, SoftmaxSums* sums,
                 float* out, const TileScratch& x) {
  const AttentionTile& tile = *part.tile;
  std::fill_n(sums, tile.slots(), SoftmaxSums{});
  std::fill_n(out, tile.slots() * padded_size(o.shape.head_size), 0.0F);
  round_queries(o, tile, x);
  const std::int32_t end = std::min((part.span + 1) * kSpanPositions, o.rows[tile.row + tile.rows - 1].position + 1);
  for (std::int32_t first = first_of_span(o, tile, part.span); first < end; first += kBlockPositions) {
    Ahead ahead;
    if (first + kBlockPositions < end) {
      look_ahead(o, tile, first + kBlockPositions, ahead);
    } else if (next) {
      look_ahead(o, *next->tile, first_of_span(o, *next->tile, next->span), ahead);
    }
    attend_block(o, tile, first, ahead, sums, out, x);
  }
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
    const AttentionPart next{&tile, span + 1};
    attend_span(o, {&tile, span}, next.span < tile.end_span(o.rows) ? &next : nullptr, x.sums, x.out, x);
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
