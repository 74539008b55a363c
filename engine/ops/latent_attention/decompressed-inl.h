// Attention over keys and values made from the latents. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_LATENT_ATTENTION_DECOMPRESSED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_LATENT_ATTENTION_DECOMPRESSED_INL_H_
#undef HADAL_OPS_LATENT_ATTENTION_DECOMPRESSED_INL_H_
#else
#define HADAL_OPS_LATENT_ATTENTION_DECOMPRESSED_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/attention/block-inl.h"
#include "ops/latent_attention/decompressed_scratch.h"
#include "ops/latent_attention/latent_rows.h"
#include "ops/latent_attention/operands.h"
#include "ops/latent_attention/products-inl.h"
#include "ops/latent_attention/stored_parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// A head's matrix as float32 [padded rows, cols], whichever way it is stored.
void read_head_matrix(const Context& context, const HeadMatrices& matrices, int head, int rows, int cols, float* out) {
  if (!matrices.transposed) {
    for (int row = 0; row < rows; row += kPanelRows) read_panel(context, matrices, head, row, rows, out + row * cols);
    return;
  }
  alignas(64) float panel[kPanelRows * kMostLatentRow];
  std::fill(out + rows * cols, out + (rows + kPanelRows - 1) / kPanelRows * kPanelRows * cols, 0.0F);
  for (int col = 0; col < cols; col += kPanelRows) {
    read_panel(context, matrices, head, col, cols, panel);
    for (int c = 0; c < std::min(kPanelRows, cols - col); ++c) {
      for (int row = 0; row < rows; ++row) out[row * cols + col + c] = panel[c * rows + row];
    }
  }
}

/// A head's matrix as panels, by way of float32.
inline void round_head_matrix(const LatentOperands& o, const HeadMatrices& matrices, int head, const MatrixPanels& to,
                              float* matrix) {
  const std::int64_t cols = o.shape.rank, words = rounded_words(cols);
  read_head_matrix(o.context, matrices, head, to.rows, o.shape.rank, matrix);
  for (int first = 0; first < to.rows; first += kBlockPositions) {
    const float* rows[kBlockPositions];
    for (int r = 0; r < kBlockPositions; ++r) rows[r] = matrix + std::min(first + r, to.rows - 1) * cols;
    round_rows(rows, std::min(to.rows - first, kBlockPositions), cols, to.words + first * words, words, nullptr,
               to.scales + first);
  }
}

/// y [kBlockPositions, stride] = latents [kBlockPositions, rank] w^T
inline void multiply_latents(const LatentShape& s, const DecompressedScratch& x, const MatrixPanels& w, float* y,
                             std::int64_t stride) {
  const std::int64_t words = rounded_words(s.rank);
  for (int first = 0; first < w.rows; first += kBlockPositions) {
    const int rows = std::min(w.rows - first, kBlockPositions);
    const Panels panels = panels_of(w.words + first * words, nullptr, w.scales + first, nullptr, words, 0, 0, rows);
    alignas(64) float products[kTileSlots][kBlockPositions];
    for (int p = 0; p < kBlockPositions; p += kTileSlots) {
      score<kTileSlots>({x.latents + p * words, words, x.latent_scales + p * kMostSegments}, panels, products);
      for (int i = 0; i < kTileSlots; ++i) std::copy_n(products[i], rows, y + (p + i) * stride + first);
    }
  }
}

/// Keys and values of the positions from `first` to before `end`, a block at most, rounded.
inline Panels decompress_block(const LatentOperands& o, const AttentionRow& row, std::int32_t first, std::int32_t end,
                               const DecompressedScratch& x) {
  const LatentShape& s = o.shape;
  const LatentRows latents(o, row, first, end);
  const float *keys[kBlockPositions], *values[kBlockPositions];
  for (int p = 0; p < kBlockPositions; ++p) {
    std::uint32_t* words = x.latents + p * rounded_words(s.rank);
    for (std::int64_t i = 0; i < padded_size(s.rank); i += kGroup) {
      hn::StoreU(hn::BitCast(Words(), load_before(latents.at[p], i, s.rank)), Words(), words + i / 2);
    }
    x.latent_scales[p * kMostSegments] = stored_scale(latents.at[p], s.rank);
    float* key = x.keys + p * s.key();
    const std::int16_t* rope = latents.at[p] + stored_part(s.rank);
    const float rope_scale = stored_scale(rope, s.rope);
    for (int i = 0; i < s.rope; ++i) key[s.nope + i] = rope_scale * rope[i];
    keys[p] = key;
    values[p] = x.values + p * s.value;
  }
  multiply_latents(s, x, x.key_matrix, x.keys, s.key());
  multiply_latents(s, x, x.value_matrix, x.values, s.value);
  const RoundedPanels& to = x.rounded;
  const std::int64_t words = rounded_words(s.key());
  round_rows(keys, latents.count, s.key(), to.keys, words, nullptr, to.key_scales);
  round_rows(values, latents.count, s.value, nullptr, 0, to.values, to.value_scales);
  return panels_of(to.keys, to.values, to.key_scales, to.value_scales, words, 0, s.value, latents.count);
}

/// One head of a run, block by block.
void attend_decompressed(const LatentOperands& o, const LatentRun& run, int head, const DecompressedScratch& x) {
  const LatentShape& s = o.shape;
  round_head_matrix(o, o.weights.key, head, x.key_matrix, x.matrix);
  round_head_matrix(o, o.weights.value, head, x.value_matrix, x.matrix);
  const RoundedQueries& r = x.queries;
  for (std::int64_t i = 0; i < run.rows; ++i) {
    const float* q = o.q + ((run.row + i) * s.heads + head) * s.key();
    r.query_scales[i * kMostSegments] = s.scale * round_vector(q, s.key(), r.queries + i * r.query_stride);
  }
  std::fill_n(x.sums, run.rows, SoftmaxSums{});
  std::fill_n(x.out, run.rows * padded_size(s.value), 0.0F);
  const AttentionRow& last = o.rows[run.row + run.rows - 1];
  for (std::int32_t first = 0; first <= last.position; first += kBlockPositions) {
    const Panels panels = decompress_block(o, last, first, last.position + 1, x);
    const auto seen = [&](int i) HWY_ATTR {
      return Seen{0, std::min(o.rows[run.row + i].position + 1 - first, kBlockPositions)};
    };
    attend_slots(static_cast<int>(run.rows), {r.queries, r.query_stride, r.query_scales}, panels, seen, x.sums,
                 {x.out, padded_size(s.value)});
  }
  for (std::int64_t i = 0; i < run.rows; ++i) {
    float* out = o.out + ((run.row + i) * s.heads + head) * s.value;
    std::copy_n(x.out + i * padded_size(s.value), s.value, out);
    blend(1.0F / x.sums[i].total, out, 0.0F, s.value, out);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
