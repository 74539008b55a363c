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
#include "ops/latent_attention/latent_rows.h"
#include "ops/latent_attention/operands.h"
#include "ops/latent_attention/products-inl.h"
#include "ops/latent_attention/stored_parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// The latent part of one head's queries: query [rank] = W_UK^T q. `q` is [tokens, heads, key()] and `query` [tokens,
/// heads, row()], both at the head.
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

/// One head's queries [tokens, heads, row()] as integers.
void round_head(const LatentOperands& o, int head, const float* query, std::int64_t tokens, const LatentQueries& to) {
  const LatentShape& s = o.shape;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t slot = t * s.heads + head;
    std::uint32_t* words = to.words + slot * words_of_query(s);
    float* scales = to.scales + slot * kMostSegments;
    const float* both = query + slot * s.row();
    scales[0] = s.scale * round_vector(both, s.rank, words);
    scales[1] = s.scale * round_vector(both + s.rank, s.rope, words + rounded_words(s.rank));
  }
}

/// The latent rows from `first` to before `end`, a block at most; a latent is part of the key and the value at once.
/// `ahead` becomes what comes next, for so many slots.
inline Panels read_latents(const LatentOperands& o, const AttentionRow& row, std::int32_t first, std::int32_t end,
                           int slots, const RoundedPanels& to, Ahead& ahead) {
  const LatentShape& s = o.shape;
  const LatentRows latents(o, row, first, end);
  const std::int16_t* ropes[kBlockPositions];
  std::transform(latents.at, latents.at + kBlockPositions, ropes,
                 [&](const std::int16_t* latent) { return latent + stored_part(s.rank); });
  const std::int64_t words = rounded_words(s.rank), rope_words = rounded_words(s.rope);
  const std::int64_t key_words = words + rope_words;
  read_parts(latents.at, latents.count, s.rank, to.keys, key_words, to.values, to.key_scales);
  read_parts(ropes, latents.count, s.rope, to.keys + words * kKeyLanes, key_words, nullptr,
             to.key_scales + kBlockPositions);
  Panels panels = panels_of(to.keys, to.values, to.key_scales, to.key_scales, words, rope_words, s.rank, latents.count);
  panels.ahead = &ahead;
  if (const std::int32_t next = first + kBlockPositions; next < end) {
    const LatentRows rows(o, row, next, end);
    for (int p = 0; p < rows.count; p += KvLayerView::kBlockTokens) {
      const auto there = std::min(rows.count - p, KvLayerView::kBlockTokens);
      ahead.add(rows.at[p], there * s.stored() * std::int64_t{sizeof(std::int16_t)});
    }
    ahead.divide(panels.steps(slots));
  }
  return panels;
}

void attend_latents(const LatentOperands& o, const LatentPart& part, const RoundedPanels& x) {
  const LatentShape& s = o.shape;
  const std::int64_t stride = padded_size(s.rank);
  for (int r = 0; r < part.tile->rows; ++r) {
    const std::int64_t slot = static_cast<std::int64_t>(r) * s.heads + part.head;
    std::fill_n(part.sums + slot, part.heads, SoftmaxSums{});
    std::fill_n(part.out + slot * stride, part.heads * stride, 0.0F);
  }
  const AttentionRow& last = o.rows[part.tile->row + part.tile->rows - 1];
  for (std::int32_t first = part.begin; first < std::min(part.end, last.position + 1); first += kBlockPositions) {
    Ahead ahead;
    const int slots = part.tile->rows * part.heads;
    const Panels panels = read_latents(o, last, first, last.position + 1, slots, x, ahead);
    for (int r = 0; r < part.tile->rows; ++r) {
      const Seen seen{0, std::min(o.rows[part.tile->row + r].position + 1 - first, kBlockPositions)};
      const std::int64_t slot = static_cast<std::int64_t>(r) * s.heads + part.head;
      attend_slots(part.heads,
                   {part.queries.words + slot * words_of_query(s), words_of_query(s),
                    part.queries.scales + slot * kMostSegments},
                   panels, [&](int) { return seen; }, part.sums + slot, {part.out + slot * stride, stride});
    }
  }
}

/// Puts one query's spans together: sums [spans] and outputs [spans, padded rank], `slots` queries apart, into latent
/// [rank].
void join_latents(int spans, std::int64_t slots, std::int64_t rank, const SoftmaxSums* sums, const float* out,
                  float* latent) {
  SoftmaxSums all = sums[0];
  std::copy_n(out, rank, latent);
  for (int span = 1; span < spans; ++span) {
    join(sums[span * slots], out + span * slots * padded_size(rank), rank, all, latent);
  }
  blend(1.0F / all.total, latent, 0.0F, rank, latent);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
