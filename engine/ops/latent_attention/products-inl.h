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

/// Rows row .. row + 3 of a head's matrix with `rows` rows, as stored; zero past its end.
inline void read_panel(const Context& context, const HeadMatrices& matrices, int head, int row, int rows,
                       float* panel) {
  const int there = std::min(kPanelRows, rows - row);
  const std::int64_t cols = matrices.all.cols;
  cpu::dequantise_rows(context, matrices.all, matrices.first + head * matrices.step + row, there, panel);
  std::fill(panel + there * cols, panel + kPanelRows * cols, 0.0F);
}

/// y [rows] = panel [4][cols] x
HWY_INLINE void dot_panel(const float* panel, int rows, std::int64_t cols, const float* x, float* y) {
  FloatVec sums[kPanelRows];
  HADAL_UNROLL
  for (int r = 0; r < kPanelRows; ++r) sums[r] = hn::Zero(Float());
  std::int64_t k = 0;
  for (; k + kLanes <= cols; k += kLanes) {
    const FloatVec v = load(x + k);
    HADAL_UNROLL
    for (int r = 0; r < kPanelRows; ++r) sums[r] = hn::MulAdd(v, load(panel + r * cols + k), sums[r]);
  }
  if (k < cols) {
    const auto rest = static_cast<std::size_t>(cols - k);
    const FloatVec v = load_part(x + k, rest);
    for (int r = 0; r < kPanelRows; ++r) sums[r] = hn::MulAdd(v, load_part(panel + r * cols + k, rest), sums[r]);
  }
  hn::StoreN(sum4(sums[0], sums[1], sums[2], sums[3]), hn::FixedTag<float, 4>(), y, static_cast<std::size_t>(rows));
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

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
