#include <algorithm>
#include <cmath>

#include "ops/attention/plan.h"
#include "ops/attention/tile_scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
#include "ops/attention/vectors-inl.h"
#include "ops/attention/rounded-inl.h"
#include "ops/attention/block-inl.h"
#include "ops/attention/tile-inl.h"
// clang-format on

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(attend_span);
HWY_EXPORT(attend_tile);
HWY_EXPORT(join_tile);
HWY_EXPORT(store_key);
HWY_EXPORT(store_value);

/// Every thread's scratch and, behind them, what `arrays` takes, in the pool's working memory.
template <class Arrays>
std::vector<TileScratch> place(const Context& context, const AttentionShape& shape, Arrays&& arrays) {
  std::vector<TileScratch> scratch(static_cast<std::size_t>(context.pool.threads()));
  const auto lay_out = [&](std::byte* base) {
    ScratchPlacer placer(base);
    for (TileScratch& one : scratch) one.place(shape, placer);
    arrays(placer);
    return placer.used();
  };
  lay_out(context.pool.working_memory(lay_out(nullptr)));
  return scratch;
}

/// Few tiles, as in decode, but long ones: their spans are computed on different cores and then joined.
void attend_by_spans(const Context& context, const AttentionOperands& o, const std::vector<AttentionTile>& tiles) {
  struct Part : AttentionPart {
    std::int64_t slot = 0;  ///< First of its slots' sums and outputs.
  };
  std::vector<Part> parts;
  std::int64_t slots = 0;
  for (const AttentionTile& tile : tiles) {
    for (int span = tile.first_span(o.shape, o.rows); span < tile.end_span(o.rows); ++span, slots += tile.slots()) {
      parts.push_back({{&tile, span}, slots});
    }
  }
  // The heads of a block lie side by side: a core reads them soon after one another.
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.span < b.span; });
  SoftmaxSums* sums = nullptr;
  float* out = nullptr;
  const std::int64_t stride = padded_size(o.shape.head_size);
  const auto scratch = place(context, o.shape, [&](ScratchPlacer& placer) {
    sums = placer.take<SoftmaxSums>(slots);
    out = placer.take<float>(slots * stride);
  });
  context.pool.for_range(static_cast<std::int64_t>(parts.size()), 1,
                         [&](std::int64_t begin, std::int64_t end, int thread) {
                           for (std::int64_t i = begin; i < end; ++i) {
                             const auto at = static_cast<std::size_t>(i);
                             const Part& part = parts[at];
                             HADAL_DISPATCH(context, attend_span)
                             (o, part, at + 1 < parts.size() ? &parts[at + 1] : nullptr, sums + part.slot,
                              out + part.slot * stride, scratch[static_cast<std::size_t>(thread)]);
                           }
                         });
  std::int64_t slot = 0;
  for (const AttentionTile& tile : tiles) {
    HADAL_DISPATCH(context, join_tile)
    (o, tile, sums + slot, out + slot * stride);
    slot += static_cast<std::int64_t>(tile.slots()) * tile.spans(o.shape, o.rows);
  }
}

}  // namespace

void cpu::store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                   const AttentionRow* rows, std::int64_t tokens, const float* keys, const float* values) {
  for (std::int64_t i = 0; i < tokens * shape.kv_heads; ++i) {
    const AttentionRow& row = rows[i / shape.kv_heads];
    const std::int32_t block = row.blocks[row.position / kPanelPositions];
    const auto head = static_cast<int>(i % shape.kv_heads), position = row.position % kPanelPositions;
    HADAL_DISPATCH(context, store_key)
    (keys + i * shape.head_size, shape.head_size, position, cached_panel(cache.keys, cache, shape, block, head));
    HADAL_DISPATCH(context, store_value)
    (values + i * shape.head_size, shape.head_size, position, cached_panel(cache.values, cache, shape, block, head));
  }
}

void cpu::attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                    const AttentionRow* rows, std::int64_t tokens, const float* q, float* out) {
  const AttentionOperands o{shape, cache, rows, q, out};
  const std::vector<AttentionTile> tiles = plan_attention(shape, rows, tokens);
  const bool deep =
      std::any_of(tiles.begin(), tiles.end(), [&](const AttentionTile& t) { return t.spans(shape, rows) > 1; });
  // With several tiles for every thread the spans need not be torn apart.
  const auto threads = static_cast<std::size_t>(context.pool.threads());
  if (deep && threads > 1 && tiles.size() < 4 * threads) return attend_by_spans(context, o, tiles);
  const auto scratch = place(context, shape, [](ScratchPlacer&) {});
  context.pool.for_range(static_cast<std::int64_t>(tiles.size()), 1,
                         [&](std::int64_t begin, std::int64_t end, int thread) {
                           for (std::int64_t i = begin; i < end; ++i) {
                             HADAL_DISPATCH(context, attend_tile)
                             (o, tiles[static_cast<std::size_t>(i)], scratch[static_cast<std::size_t>(thread)]);
                           }
                         });
}

}  // namespace hadal::ops
#endif
