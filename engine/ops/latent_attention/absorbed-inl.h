// Attention over the latents themselves. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_LATENT_ATTENTION_ABSORBED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_LATENT_ATTENTION_ABSORBED_INL_H_
#undef HADAL_OPS_LATENT_ATTENTION_ABSORBED_INL_H_
#else
#define HADAL_OPS_LATENT_ATTENTION_ABSORBED_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/attention/block-inl.h"
#include "ops/latent_attention/operands.h"
#include "ops/latent_attention/products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// Latent queries of one head: query [rank] = W_UK^T q, then the rope part as it is. `q` is [tokens, heads, key()] and
/// `query` [tokens, heads, row()], both at the head.
void absorb_head(const LatentOperands& o, int head, const float* q, std::int64_t tokens, float* query) {
  alignas(64) float panel[kPanelRows * kMostLatentRow];
  const LatentShape& s = o.shape;
  const std::int64_t q_stride = static_cast<std::int64_t>(s.heads) * s.key();
  const std::int64_t stride = static_cast<std::int64_t>(s.heads) * s.row();
  const HeadMatrices& up = o.weights.key;
  const int rows = up.transposed ? s.rank : s.nope, cols = up.transposed ? s.nope : s.rank;
  for (int row = 0; row < rows; row += kPanelRows) {
    read_panel(o.context, up, head, row, rows, panel);
    for (std::int64_t t = 0; t < tokens; ++t) {
      if (up.transposed) {
        dot_panel(panel, std::min(kPanelRows, rows - row), cols, q + t * q_stride, query + t * stride + row);
      } else {
        alignas(16) float factors[kPanelRows] = {};
        std::copy_n(q + t * q_stride + row, std::min(kPanelRows, rows - row), factors);
        add_panel(panel, factors, cols, row > 0, query + t * stride);
      }
    }
  }
  for (std::int64_t t = 0; t < tokens; ++t) std::copy_n(q + t * q_stride + s.nope, s.rope, query + t * stride + s.rank);
}

/// out [tokens, heads, value] = W_UV latent of one head, both at the head; `latent` is [tokens, heads, row()], of which
/// `rank` are read.
void expand_head(const LatentOperands& o, int head, const float* latent, std::int64_t tokens, float* out) {
  alignas(64) float panel[kPanelRows * kMostLatentRow];
  const LatentShape& s = o.shape;
  for (int row = 0; row < s.value; row += kPanelRows) {
    read_panel(o.context, o.weights.value, head, row, s.value, panel);
    for (std::int64_t t = 0; t < tokens; ++t) {
      dot_panel(panel, std::min(kPanelRows, s.value - row), s.rank, latent + t * s.heads * s.row(),
                out + t * s.heads * s.value + row);
    }
  }
}

template <class Kv>
void attend_latent_rows(const LatentOperands& o, const LatentPart& part, std::int32_t first, const Kv* latents) {
  const std::int64_t row = o.shape.row(), rank = o.shape.rank;
  for (int r = 0; r < part.tile->rows; ++r) {
    const int end = std::min(o.rows[part.tile->row + r].position + 1 - first, kBlockPositions);
    if (end <= 0) continue;
    const Seen seen[kTileHeads] = {{0, end}, {0, end}, {0, end}, {0, end}};
    for (int head = part.head; head < part.head + part.heads; head += kTileHeads) {
      const std::int64_t slot = static_cast<std::int64_t>(r) * o.shape.heads + head;
      attend_heads(std::min(kTileHeads, part.head + part.heads - head),
                   {part.query + slot * row, row, row, o.shape.scale}, Rows<Kv>{latents, latents, row, row}, seen,
                   part.sums + slot, {part.out + slot * rank, rank, rank});
    }
  }
}

template <class Kv>
void attend_latent_part(const LatentOperands& o, const LatentPart& part) {
  const int row = o.shape.row();
  alignas(64) float converted[kBlockPositions * kMostLatentRow];
  const AttentionRow& last = o.rows[part.tile->row + part.tile->rows - 1];
  for (std::int32_t first = part.begin; first < std::min(part.end, last.position + 1); first += kBlockPositions) {
    const Kv* stored = reinterpret_cast<const Kv*>(o.cache.keys) + latent_offset(o.shape, o.cache, last, first);
    // Converting a block costs about as much as one group of heads' use of it.
    if (part.tile->rows * part.heads <= 2 * kTileHeads) {
      attend_latent_rows(o, part, first, stored);
      continue;
    }
    const int count = std::min(last.position + 1 - first, kBlockPositions);
    convert_rows(stored, row, count, row, converted);
    std::fill(converted + count * row, converted + (count + 3) / 4 * 4 * row, 0.0F);
    attend_latent_rows<float>(o, part, first, converted);
  }
}

void attend_latents(const LatentOperands& o, const LatentPart& part) {
  for (int r = 0; r < part.tile->rows; ++r) {
    const std::int64_t slot = static_cast<std::int64_t>(r) * o.shape.heads + part.head;
    std::fill_n(part.sums + slot, part.heads, SoftmaxSums{});
    std::fill_n(part.out + slot * o.shape.rank, static_cast<std::int64_t>(part.heads) * o.shape.rank, 0.0F);
  }
  if (o.cache.type == DType::f16) {
    attend_latent_part<hwy::float16_t>(o, part);
  } else {
    attend_latent_part<float>(o, part);
  }
}

/// Puts one query's spans together: sums [spans] and outputs [spans, rank], `slots` queries apart, into latent [rank].
void join_latents(int spans, std::int64_t slots, std::int64_t rank, const SoftmaxSums* sums, const float* out,
                  float* latent) {
  SoftmaxSums all = sums[0];
  std::copy_n(out, rank, latent);
  for (int span = 1; span < spans; ++span) join(sums[span * slots], out + span * slots * rank, rank, all, latent);
  blend(1.0F / all.total, latent, 0.0F, rank, latent);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
