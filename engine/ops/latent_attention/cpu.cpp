#include <algorithm>
#include <cmath>
#include <span>

#include "ops/latent_attention/decompressed_scratch.h"
#include "ops/latent_attention/head_products.h"
#include "ops/latent_attention/operands.h"
#include "ops/matmul/packed_matrices.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/latent_attention/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
#include "ops/attention/vectors-inl.h"
#include "ops/attention/rounded-inl.h"
#include "ops/attention/block-inl.h"
#include "ops/latent_attention/stored_parts-inl.h"
#include "ops/latent_attention/products-inl.h"
#include "ops/latent_attention/absorbed-inl.h"
#include "ops/latent_attention/decompressed-inl.h"
// clang-format on

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(absorb_head);
HWY_EXPORT(round_head);
HWY_EXPORT(attend_latents);
HWY_EXPORT(join_latents);
HWY_EXPORT(expand_head);
HWY_EXPORT(attend_decompressed);
HWY_EXPORT(store_part);

/// Floats of the partial outputs that are held at once, if more than one tile is computed: 16 MiB.
constexpr std::int64_t kSliceFloats = std::int64_t{4} << 20;

/// Heads that are computed together at least, to share the rounding of latents.
constexpr int kHeadGroup = 8;

/// Tiles that are computed together, with their queries and what every span of them gives.
class AbsorbedSlice {
 public:
  explicit AbsorbedSlice(const LatentOperands& o) : o_(o) {}

  bool has_room() const { return tiles_.empty() || slots_ * o_.shape.rank < kSliceFloats; }
  void add(const LatentTile& tile) {
    if (segments_.empty() || segments_.back().row + segments_.back().rows != tile.row) {
      segments_.push_back({tile.row, 0, rows_});
    }
    segments_.back().rows += tile.rows;
    tiles_.push_back({tile, rows_, slots_});
    rows_ += tile.rows;
    slots_ += static_cast<std::int64_t>(tile.spans) * tile.rows * o_.shape.heads;
  }

  void compute() {
    place();
    const auto each_head = [&](auto&& body) {
      o_.context.pool.for_range(o_.shape.heads, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
        for (auto head = static_cast<int>(begin); head < end; ++head) body(head, static_cast<std::size_t>(thread));
      });
    };
    each_head([&](int head, std::size_t thread) { absorb(head, products_[thread]); });
    attend();
    each_head([&](int head, std::size_t thread) { finish(head, products_[thread]); });
  }

 private:
  struct Segment {
    std::int64_t row, rows;  ///< Of the batch.
    std::int64_t first;      ///< Row of the slice.
  };
  struct ProductScratch {
    HeadProductScratch key, value;
  };
  struct Placed {
    LatentTile tile;
    std::int64_t first;  ///< Row of the slice.
    std::int64_t slot;   ///< First of its [spans, rows, heads] sums and outputs.
  };

  void place() {
    const auto lay_out = [&](std::byte* base) {
      ScratchPlacer placer(base);
      const std::int64_t queries = rows_ * o_.shape.heads;
      queries_ = placer.take<float>(queries * o_.shape.row());
      rounded_.words = placer.take<std::uint32_t>(queries * words_of_query(o_.shape));
      rounded_.scales = placer.take<float>(queries * kMostSegments);
      sums_ = placer.take<SoftmaxSums>(slots_);
      outputs_ = placer.take<float>(slots_ * padded_size(o_.shape.rank));
      scratch_.resize(static_cast<std::size_t>(o_.context.pool.threads()));
      for (RoundedPanels& one : scratch_) one.place(o_.shape.rank, o_.shape.rope, o_.shape.rank, placer);
      products_.resize(scratch_.size());
      for (ProductScratch& one : products_) {
        one.key.place(o_.weights.key, o_.shape.rank, placer);
        one.value.place(o_.weights.value, o_.shape.value, placer);
      }
      return placer.used();
    };
    lay_out(o_.context.pool.working_memory(lay_out(nullptr)));
  }

  /// A head's queries of the rows from `row` on.
  Strided<float> query(std::int64_t row, int head) const {
    return {queries_ + (row * o_.shape.heads + head) * o_.shape.row(),
            static_cast<std::int64_t>(o_.shape.heads) * o_.shape.row()};
  }
  LatentQueries rounded(std::int64_t row) const {
    const std::int64_t slot = row * o_.shape.heads;
    return {rounded_.words + slot * words_of_query(o_.shape), rounded_.scales + slot * kMostSegments};
  }

  void absorb(int head, const ProductScratch& scratch) const {
    const HeadMatrices& key = o_.weights.key;
    for (const Segment& s : segments_) {
      const Strided<const float> q{o_.q + (s.row * o_.shape.heads + head) * o_.shape.key(),
                                   static_cast<std::int64_t>(o_.shape.heads) * o_.shape.key()};
      const Strided<float> queries = query(s.first, head);
      if (key.transposed && multiplies_rounded(key)) {
        multiply_head(o_.context, key, head, o_.shape.rank, q, s.rows, scratch.key, queries);
      } else {
        HADAL_DISPATCH(o_.context, absorb_head)(o_, head, q.at, s.rows, queries.at);
      }
      for (std::int64_t t = 0; t < s.rows; ++t)
        std::copy_n(q[t] + o_.shape.nope, o_.shape.rope, queries[t] + o_.shape.rank);
      HADAL_DISPATCH(o_.context, round_head)(o_, head, query(s.first, 0).at, s.rows, rounded(s.first));
    }
  }

  /// One token of a short text has a single span: its heads are divided among the cores, in whole groups.
  int heads_of_part() const {
    std::int64_t spans = 0;
    for (const Placed& placed : tiles_) spans += placed.tile.spans;
    const std::int64_t wanted = (4 * o_.context.pool.threads() + spans - 1) / spans;
    const std::int64_t groups = (o_.shape.heads + kHeadGroup - 1) / kHeadGroup;
    const std::int64_t pieces = std::min(wanted, groups);
    return static_cast<int>((groups + pieces - 1) / pieces) * kHeadGroup;
  }

  void attend() {
    std::vector<LatentPart> parts;
    const int heads = heads_of_part();
    for (const Placed& placed : tiles_) {
      const std::int64_t slots = static_cast<std::int64_t>(placed.tile.rows) * o_.shape.heads;
      for (int span = 0; span < placed.tile.spans; ++span) {
        const std::int64_t slot = placed.slot + span * slots;
        for (int head = 0; head < o_.shape.heads; head += heads) {
          parts.push_back({&placed.tile, span * placed.tile.span, (span + 1) * placed.tile.span, head,
                           std::min(heads, o_.shape.heads - head), rounded(placed.first), sums_ + slot,
                           outputs_ + slot * padded_size(o_.shape.rank)});
        }
      }
    }
    o_.context.pool.for_range(static_cast<std::int64_t>(parts.size()), 1,
                              [&](std::int64_t begin, std::int64_t end, int thread) {
                                for (std::int64_t i = begin; i < end; ++i) {
                                  HADAL_DISPATCH(o_.context, attend_latents)
                                  (o_, parts[static_cast<std::size_t>(i)], scratch_[static_cast<std::size_t>(thread)]);
                                }
                              });
  }

  /// The queries are no longer needed: their place takes the latents that the head saw.
  void finish(int head, const ProductScratch& scratch) const {
    const std::int64_t rank = o_.shape.rank;
    for (const Placed& placed : tiles_) {
      const std::int64_t slots = static_cast<std::int64_t>(placed.tile.rows) * o_.shape.heads;
      for (int r = 0; r < placed.tile.rows; ++r) {
        const std::int64_t slot = placed.slot + static_cast<std::int64_t>(r) * o_.shape.heads + head;
        HADAL_DISPATCH(o_.context, join_latents)
        (placed.tile.spans, slots, rank, sums_ + slot, outputs_ + slot * padded_size(rank),
         query(placed.first + r, head).at);
      }
    }
    for (const Segment& s : segments_) {
      const Strided<float> out{o_.out + (s.row * o_.shape.heads + head) * o_.shape.value,
                               static_cast<std::int64_t>(o_.shape.heads) * o_.shape.value};
      const Strided<float> queries = query(s.first, head);
      if (multiplies_rounded(o_.weights.value)) {
        multiply_head(o_.context, o_.weights.value, head, o_.shape.value, {queries.at, queries.stride}, s.rows,
                      scratch.value, out);
      } else {
        HADAL_DISPATCH(o_.context, expand_head)(o_, head, queries.at, s.rows, out.at);
      }
    }
  }

  const LatentOperands& o_;
  std::vector<Placed> tiles_;
  std::vector<Segment> segments_;  ///< Rows that follow each other in the batch.
  std::int64_t rows_ = 0, slots_ = 0;
  float* queries_ = nullptr;            ///< [rows, heads, row()]
  LatentQueries rounded_;               ///< The same as integers.
  SoftmaxSums* sums_ = nullptr;         ///< [slots]
  float* outputs_ = nullptr;            ///< [slots, padded rank]
  std::vector<RoundedPanels> scratch_;  ///< Of every thread, like the next.
  std::vector<ProductScratch> products_;
};

void attend_absorbed_runs(const LatentOperands& o, std::span<const LatentRun> runs) {
  std::vector<LatentTile> tiles;
  for (const LatentRun& run : runs) {
    if (run.mode != LatentMode::absorbed) continue;
    const auto more = tile_latents(o.shape, o.rows, run);
    tiles.insert(tiles.end(), more.begin(), more.end());
  }
  for (std::size_t i = 0; i < tiles.size();) {
    AbsorbedSlice slice(o);
    while (i < tiles.size() && slice.has_room()) slice.add(tiles[i++]);
    slice.compute();
  }
}

void attend_decompressed_runs(const LatentOperands& o, std::span<const LatentRun> runs) {
  std::vector<LatentRun> own;
  std::int64_t most_rows = 0;
  for (const LatentRun& run : runs) {
    if (run.mode != LatentMode::decompressed) continue;
    own.push_back(run);
    most_rows = std::max(most_rows, run.rows);
  }
  if (own.empty()) return;
  const std::int64_t count = static_cast<std::int64_t>(own.size()) * o.shape.heads;
  std::vector<DecompressedScratch> scratch(static_cast<std::size_t>(o.context.pool.threads()));
  const auto lay_out = [&](std::byte* base) {
    ScratchPlacer placer(base);
    for (DecompressedScratch& one : scratch) one.place(o.shape, most_rows, placer);
    return placer.used();
  };
  lay_out(o.context.pool.working_memory(lay_out(nullptr)));
  o.context.pool.for_range(count, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    for (std::int64_t i = begin; i < end; ++i) {
      const LatentRun& run = own[static_cast<std::size_t>(i / o.shape.heads)];
      HADAL_DISPATCH(o.context, attend_decompressed)
      (o, run, static_cast<int>(i % o.shape.heads), scratch[static_cast<std::size_t>(thread)]);
    }
  });
}

}  // namespace

void cpu::store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache,
                        const AttentionRow* rows, std::int64_t tokens, const float* latents) {
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* row = latents + t * shape.row();
    auto* to = latent_row<std::int16_t>(shape, cache, rows[t], rows[t].position);
    HADAL_DISPATCH(context, store_part)(row, shape.rank, to);
    HADAL_DISPATCH(context, store_part)(row + shape.rank, shape.rope, to + stored_part(shape.rank));
  }
}

void cpu::latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                           const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                           float* out, LatentMode mode) {
  LatentWeights found = weights;
  if (context.packed) {
    for (HeadMatrices* matrices : {&found.key, &found.value}) matrices->all = context.packed->find(matrices->all);
  }
  const LatentOperands o{context, shape, found, cache, rows, q, out};
  const std::vector<LatentRun> runs = plan_latents(shape, rows, tokens, mode);
  attend_absorbed_runs(o, runs);
  attend_decompressed_runs(o, runs);
}

}  // namespace hadal::ops
#endif
