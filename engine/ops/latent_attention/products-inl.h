// Products with a head's matrices. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_LATENT_ATTENTION_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_LATENT_ATTENTION_PRODUCTS_INL_H_
#undef HADAL_OPS_LATENT_ATTENTION_PRODUCTS_INL_H_
#else
#define HADAL_OPS_LATENT_ATTENTION_PRODUCTS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "ops/attention/block-inl.h"
#include "ops/dequantise/dequantise.h"
#include "ops/latent_attention/operands.h"
#include "ops/sum4-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
static_assert(kPanelRows == 4, "sum4 adds up four rows");

#if HWY_TARGET <= HWY_AVX3
inline constexpr int kTilePositions = 4;  // 4 x 4 sums + 4 weights + 1 latent of 32 registers
#else
inline constexpr int kTilePositions = 2;  // 2 x 4 sums + 4 weights + 1 latent of 16 registers
#endif

/// Rows row .. row + 3 of a head's matrix with `rows` rows, as stored; zero past its end.
inline void read_panel(const Context& context, const HeadMatrices& matrices, int head, int row, int rows,
                       float* panel) {
  const int there = std::min(kPanelRows, rows - row);
  const std::int64_t cols = matrices.all.cols;
  cpu::dequantise_rows(context, matrices.all, matrices.first + head * matrices.step + row, there, panel);
  std::fill(panel + there * cols, panel + kPanelRows * cols, 0.0F);
}

/// y [n][4] = x [n] . panel [4][cols], for n vectors `stride` apart.
template <int n>
HWY_INLINE void dot_tile(const float* panel, std::int64_t cols, const float* x, std::int64_t stride,
                         hn::Vec<hn::FixedTag<float, 4>>* y) {
  const Float d;
  FloatVec sums[n][kPanelRows];
  HADAL_UNROLL
  for (int i = 0; i < n; ++i) {
    HADAL_UNROLL
    for (int r = 0; r < kPanelRows; ++r) sums[i][r] = hn::Zero(d);
  }
  std::int64_t k = 0;
  for (; k + kLanes <= cols; k += kLanes) {
    FloatVec w[kPanelRows];
    HADAL_UNROLL
    for (int r = 0; r < kPanelRows; ++r) w[r] = load(panel + r * cols + k);
    HADAL_UNROLL
    for (int i = 0; i < n; ++i) {
      const FloatVec v = load(x + i * stride + k);
      HADAL_UNROLL
      for (int r = 0; r < kPanelRows; ++r) sums[i][r] = hn::MulAdd(v, w[r], sums[i][r]);
    }
  }
  if (k < cols) {
    const auto rest = static_cast<std::size_t>(cols - k);
    for (int i = 0; i < n; ++i) {
      const FloatVec v = load_part(x + i * stride + k, rest);
      for (int r = 0; r < kPanelRows; ++r)
        sums[i][r] = hn::MulAdd(v, load_part(panel + r * cols + k, rest), sums[i][r]);
    }
  }
  HADAL_UNROLL
  for (int i = 0; i < n; ++i) y[i] = sum4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
}

/// y [rows] = panel [4][cols] x
HWY_INLINE void dot_panel(const float* panel, int rows, std::int64_t cols, const float* x, float* y) {
  hn::Vec<hn::FixedTag<float, 4>> sum[1];
  dot_tile<1>(panel, cols, x, 0, sum);
  hn::StoreN(sum[0], hn::FixedTag<float, 4>(), y, static_cast<std::size_t>(rows));
}

/// y [cols] = (y if `onto`) + factors [4] panel [4][cols]
HWY_INLINE void add_panel(const float* panel, const float* factors, std::int64_t cols, bool onto, float* y) {
  const Float d;
  FloatVec f[kPanelRows];
  HADAL_UNROLL
  for (int r = 0; r < kPanelRows; ++r) f[r] = hn::Set(d, factors[r]);
  std::int64_t k = 0;
  for (; k + kLanes <= cols; k += kLanes) {
    FloatVec sum = onto ? load(y + k) : hn::Zero(d);
    HADAL_UNROLL
    for (int r = 0; r < kPanelRows; ++r) sum = hn::MulAdd(f[r], load(panel + r * cols + k), sum);
    hn::StoreU(sum, d, y + k);
  }
  if (k == cols) return;
  const auto rest = static_cast<std::size_t>(cols - k);
  FloatVec sum = onto ? load_part(y + k, rest) : hn::Zero(d);
  for (int r = 0; r < kPanelRows; ++r) sum = hn::MulAdd(f[r], load_part(panel + r * cols + k, rest), sum);
  hn::StoreN(sum, d, y + k, rest);
}

/// y [positions, rows] = x [positions, cols] w^T for a head's matrix in float32, its rows padded to a multiple of four.
/// Whole tiles of positions are computed: x and y must have room for them.
inline void multiply_positions(const float* w, int rows, std::int64_t cols, const float* x, std::int64_t x_stride,
                               int positions, float* y, std::int64_t y_stride) {
  for (int row = 0; row < rows; row += kPanelRows) {
    const auto there = static_cast<std::size_t>(std::min(kPanelRows, rows - row));
    for (int p = 0; p < positions; p += kTilePositions) {
      hn::Vec<hn::FixedTag<float, 4>> sums[kTilePositions];
      dot_tile<kTilePositions>(w + row * cols, cols, x + p * x_stride, x_stride, sums);
      for (int i = 0; i < kTilePositions; ++i) {
        hn::StoreN(sums[i], hn::FixedTag<float, 4>(), y + (p + i) * y_stride + row, there);
      }
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
