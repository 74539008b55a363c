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
#include "ops/latent_attention/operands.h"
#include "ops/latent_attention/products-inl.h"

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
  std::fill(out + rows * cols, out + padded(rows) * cols, 0.0F);
  for (int col = 0; col < cols; col += kPanelRows) {
    read_panel(context, matrices, head, col, cols, panel);
    for (int c = 0; c < std::min(kPanelRows, cols - col); ++c) {
      for (int row = 0; row < rows; ++row) out[row * cols + col + c] = panel[c * rows + row];
    }
  }
}

/// Keys and values of positions first .. first + count - 1.
template <class Kv>
void decompress_block(const LatentOperands& o, const AttentionRow& row, std::int32_t first, int count,
                      const DecompressedScratch& x) {
  const LatentShape& s = o.shape;
  const Kv* stored = reinterpret_cast<const Kv*>(o.cache.keys) + latent_offset(s, o.cache, row, first);
  convert_rows(stored, s.row(), count, s.row(), x.latents);
  const int fours = (count + 3) / 4 * 4;  // attend_heads reads as many keys
  std::fill(x.latents + count * s.row(), x.latents + fours * s.row(), 0.0F);
  multiply_positions(x.key_matrix, s.nope, s.rank, x.latents, s.row(), fours, x.keys, s.key());
  multiply_positions(x.value_matrix, s.value, s.rank, x.latents, s.row(), fours, x.values, s.value);
  for (int p = 0; p < fours; ++p) {
    std::copy_n(x.latents + p * s.row() + s.rank, s.rope, x.keys + p * s.key() + s.nope);
  }
}

/// Adds a block to every row of the run that sees some of it; rows that share keys and values four at a time.
void attend_decompressed_block(const LatentOperands& o, const LatentRun& run, int head, std::int32_t first,
                               const DecompressedScratch& x) {
  const LatentShape& s = o.shape;
  const std::int64_t q_stride = static_cast<std::int64_t>(s.heads) * s.key();
  const std::int64_t out_stride = static_cast<std::int64_t>(s.heads) * s.value;
  const std::int64_t unseen = std::max<std::int64_t>(first - o.rows[run.row].position, 0);  // rows before the block
  for (std::int64_t r = unseen; r < run.rows; r += kTileHeads) {
    const int queries = static_cast<int>(std::min<std::int64_t>(kTileHeads, run.rows - r));
    const std::int64_t row = run.row + r;
    Seen seen[kTileHeads] = {};
    for (int i = 0; i < queries; ++i) seen[i] = {0, std::min(o.rows[row + i].position + 1 - first, kBlockPositions)};
    attend_heads(queries,
                 {o.q + row * q_stride + static_cast<std::int64_t>(head) * s.key(), s.key(), q_stride, s.scale},
                 Rows<float>{x.keys, x.values, s.key(), s.value}, seen, x.sums + r,
                 {o.out + row * out_stride + static_cast<std::int64_t>(head) * s.value, s.value, out_stride});
  }
}

/// One head of a run, block by block.
void attend_decompressed(const LatentOperands& o, const LatentRun& run, int head, const DecompressedScratch& x) {
  const LatentShape& s = o.shape;
  read_head_matrix(o.context, o.weights.key, head, s.nope, s.rank, x.key_matrix);
  read_head_matrix(o.context, o.weights.value, head, s.value, s.rank, x.value_matrix);
  const AttentionRow& last = o.rows[run.row + run.rows - 1];
  const auto out = [&](std::int64_t r) { return o.out + ((run.row + r) * s.heads + head) * s.value; };
  std::fill_n(x.sums, run.rows, SoftmaxSums{});
  for (std::int64_t r = 0; r < run.rows; ++r) std::fill_n(out(r), s.value, 0.0F);
  for (std::int32_t first = 0; first <= last.position; first += kBlockPositions) {
    const int count = std::min(last.position + 1 - first, kBlockPositions);
    if (o.cache.type == DType::f16) {
      decompress_block<hwy::float16_t>(o, last, first, count, x);
    } else {
      decompress_block<float>(o, last, first, count, x);
    }
    attend_decompressed_block(o, run, head, first, x);
  }
  for (std::int64_t r = 0; r < run.rows; ++r) blend(1.0F / x.sums[r].total, out(r), 0.0F, s.value, out(r));
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
