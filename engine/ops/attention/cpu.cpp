#include <algorithm>
#include <cmath>

#include "ops/attention/layout.h"
#include "ops/attention/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
#include "ops/attention/block-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// Heads up to this size have their keys and values converted once per tile, on the stack.
inline constexpr int kConvertedSize = 256;

template <class Kv>
void attend_rows(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, const Rows<Kv>& kv,
                 SoftmaxSums* sums, float* sums_out) {
  for (int r = 0; r < tile.rows; ++r) {
    const std::int32_t position = o.rows[tile.row + r].position;
    const Seen seen{std::max(o.shape.first_seen(position) - first, 0), std::min(position + 1 - first, kBlockPositions)};
    if (seen.begin >= seen.end) continue;
    const std::int64_t size = o.shape.head_size;
    const float* q = o.q + ((tile.row + r) * o.shape.heads + tile.head) * size;
    const Seen all[kTileHeads] = {seen, seen, seen, seen};
    attend_heads(tile.heads, {q, size, size, o.shape.scale}, kv, all, sums + r * kTileHeads,
                 {sums_out + r * kTileHeads * size, size, size});
  }
}

/// Adds a block of cached positions to every row of the tile that may see it.
template <class Kv>
void attend_block(const AttentionOperands& o, const AttentionTile& tile, std::int32_t first, SoftmaxSums* sums,
                  float* sums_out) {
  const std::int64_t size = o.shape.head_size, stride = o.shape.kv_heads * size;
  const int kv_head = tile.head / (o.shape.heads / o.shape.kv_heads);
  const std::int64_t offset = kv_offset(o.shape, o.cache, o.rows[tile.row], first, kv_head);
  const Rows<Kv> stored{reinterpret_cast<const Kv*>(o.cache.keys) + offset,
                        reinterpret_cast<const Kv*>(o.cache.values) + offset, stride, stride};
  // Converting a block costs about as much as one row's use of it.
  if (tile.rows < 3 || size > kConvertedSize) return attend_rows(o, tile, first, stored, sums, sums_out);
  alignas(64) float keys[kBlockPositions * kConvertedSize], values[kBlockPositions * kConvertedSize];
  const int count = std::min(o.rows[tile.row + tile.rows - 1].position + 1 - first, kBlockPositions);
  convert_rows(stored.keys, stride, count, size, keys);
  convert_rows(stored.values, stride, count, size, values);
  // Whole groups of four keys are read; what is past the last one only has to be defined.
  std::fill(keys + count * size, keys + (count + 3) / 4 * 4 * size, 0.0F);
  attend_rows(o, tile, first, Rows<float>{keys, values, size, size}, sums, sums_out);
}

/// One span of the tile's positions: sums [rows, kTileHeads] and unscaled outputs [rows, kTileHeads, head_size].
void attend_span(const AttentionOperands& o, const AttentionTile& tile, int span, SoftmaxSums* sums, float* sums_out) {
  const int slots = tile.rows * kTileHeads;
  std::fill_n(sums, slots, SoftmaxSums{});
  std::fill_n(sums_out, slots * static_cast<std::int64_t>(o.shape.head_size), 0.0F);
  const std::int32_t seen = o.shape.first_seen(o.rows[tile.row].position) / kBlockPositions * kBlockPositions;
  const std::int32_t begin = std::max(span * kSpanPositions, seen);
  const std::int32_t end = std::min((span + 1) * kSpanPositions, o.rows[tile.row + tile.rows - 1].position + 1);
  for (std::int32_t first = begin; first < end; first += kBlockPositions) {
    if (o.cache.type == DType::f16) {
      attend_block<hwy::float16_t>(o, tile, first, sums, sums_out);
    } else {
      attend_block<float>(o, tile, first, sums, sums_out);
    }
  }
}

/// Joins a span to those before it; `sums` and o.out hold them.
void join_span(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* span, const float* span_out,
               SoftmaxSums* sums) {
  const std::int64_t size = o.shape.head_size;
  for (int r = 0; r < tile.rows; ++r) {
    for (int h = 0; h < tile.heads; ++h) {
      const std::int64_t slot = r * kTileHeads + h;
      float* out = o.out + tile.offset(o.shape) + (r * o.shape.heads + h) * size;
      join(span[slot], span_out + slot * size, size, sums[slot], out);
    }
  }
}

void clear_tile(const AttentionOperands& o, const AttentionTile& tile) {
  for (int r = 0; r < tile.rows; ++r) {
    const std::int64_t first = tile.offset(o.shape) + r * o.shape.heads * static_cast<std::int64_t>(o.shape.head_size);
    std::fill_n(o.out + first, tile.heads * static_cast<std::int64_t>(o.shape.head_size), 0.0F);
  }
}

void divide_tile(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* sums) {
  const std::int64_t size = o.shape.head_size;
  for (int r = 0; r < tile.rows; ++r) {
    for (int h = 0; h < tile.heads; ++h) {
      float* out = o.out + tile.offset(o.shape) + (r * o.shape.heads + h) * size;
      blend(1.0F / sums[r * kTileHeads + h].total, out, 0.0F, size, out);
    }
  }
}

/// All spans of a tile, one after another.
void attend_tile(const AttentionOperands& o, const AttentionTile& tile) {
  alignas(64) float span_out[kTileRows * kTileHeads * kMostHeadSize];
  SoftmaxSums span_sums[kTileRows * kTileHeads], sums[kTileRows * kTileHeads];
  clear_tile(o, tile);
  for (int span = tile.first_span(o.shape, o.rows); span < tile.end_span(o.rows); ++span) {
    attend_span(o, tile, span, span_sums, span_out);
    join_span(o, tile, span_sums, span_out, sums);
  }
  divide_tile(o, tile, sums);
}

/// The same from spans that were computed before: their sums [spans, slots] and outputs [spans, slots, head_size].
void join_tile(const AttentionOperands& o, const AttentionTile& tile, const SoftmaxSums* span_sums,
               const float* span_out) {
  constexpr int kSlots = kTileRows * kTileHeads;
  SoftmaxSums sums[kSlots];
  clear_tile(o, tile);
  const int spans = tile.end_span(o.rows) - tile.first_span(o.shape, o.rows);
  for (int span = 0; span < spans; ++span) {
    join_span(o, tile, span_sums + span * kSlots,
              span_out + span * kSlots * static_cast<std::int64_t>(o.shape.head_size), sums);
  }
  divide_tile(o, tile, sums);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(attend_span);
HWY_EXPORT(attend_tile);
HWY_EXPORT(join_tile);
HWY_EXPORT(store_row);

/// Few tiles, as in decode, but long ones: their spans are computed on different cores and then joined.
void attend_by_spans(const Context& context, const AttentionOperands& o, const std::vector<AttentionTile>& tiles) {
  constexpr std::int64_t kSlots = kTileRows * kTileHeads;
  struct Part {
    std::int64_t tile;
    int span;
  };
  std::vector<Part> parts;
  std::vector<std::int64_t> first_part;
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    first_part.push_back(static_cast<std::int64_t>(parts.size()));
    for (int span = tiles[i].first_span(o.shape, o.rows); span < tiles[i].end_span(o.rows); ++span) {
      parts.push_back({static_cast<std::int64_t>(i), span});
    }
  }
  const std::int64_t out_floats = kSlots * o.shape.head_size;
  std::vector<SoftmaxSums> sums(parts.size() * static_cast<std::size_t>(kSlots));
  std::vector<float> out(parts.size() * static_cast<std::size_t>(out_floats));
  context.pool.for_range(static_cast<std::int64_t>(parts.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Part& part = parts[static_cast<std::size_t>(i)];
      HADAL_DISPATCH(context, attend_span)
      (o, tiles[static_cast<std::size_t>(part.tile)], part.span, sums.data() + i * kSlots, out.data() + i * out_floats);
    }
  });
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    HADAL_DISPATCH(context, join_tile)
    (o, tiles[i], sums.data() + first_part[i] * kSlots, out.data() + first_part[i] * out_floats);
  }
}

}  // namespace

void cpu::store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                   const AttentionRow* rows, std::int64_t tokens, const float* keys, const float* values) {
  const std::int64_t width = static_cast<std::int64_t>(shape.kv_heads) * shape.head_size;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t offset = kv_offset(shape, cache, rows[t], rows[t].position, 0);
    HADAL_DISPATCH(context, store_row)(keys + t * width, width, cache.type, cache.keys, offset);
    HADAL_DISPATCH(context, store_row)(values + t * width, width, cache.type, cache.values, offset);
  }
}

void cpu::attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                    const AttentionRow* rows, std::int64_t tokens, const float* q, float* out) {
  const AttentionOperands o{shape, cache, rows, q, out};
  const std::vector<AttentionTile> tiles = plan_attention(shape, rows, tokens);
  const bool deep = std::any_of(tiles.begin(), tiles.end(), [&](const AttentionTile& t) {
    return t.end_span(rows) - t.first_span(shape, rows) > 1;
  });
  // With several tiles for every thread the spans need not be torn apart.
  const auto threads = static_cast<std::size_t>(context.pool.threads());
  if (deep && threads > 1 && tiles.size() < 4 * threads) return attend_by_spans(context, o, tiles);
  context.pool.for_range(static_cast<std::int64_t>(tiles.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i)
      HADAL_DISPATCH(context, attend_tile)(o, tiles[static_cast<std::size_t>(i)]);
  });
}

}  // namespace hadal::ops
#endif
