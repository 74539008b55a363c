#include "ops/matmul/unquantised.h"

#include <algorithm>
#include <type_traits>

#include "ops/matmul/read_ahead.h"
#include "tensor/dequantise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/unquantised.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/matmul/weights-inl.h"
#include "ops/sum4-inl.h"
// clang-format on

// Activations stay in float32. With few tokens (decode) the weights are the traffic: each row is read once, dequantised
// in registers and multiplied with every token. With many (prefill) the arithmetic is: a panel of rows is dequantised
// once into a scratch that stays in the L2 cache, and a register-blocked product runs over it.
//
// Both ways add in the same order: within a panel of columns lane by lane, then the lanes as sum4 does, then the
// panels. So a token's result does not depend, to the last bit, on how many others are computed with it, and an answer
// not on how its prompt was cut into steps.

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

#if HWY_TARGET <= HWY_AVX3
inline constexpr int kPrefillTokens = 6;  // 6 x 4 sums + 4 weights + 1 activation of 32 registers
inline constexpr int kDecodeRows = 4;
#else
inline constexpr int kPrefillTokens = 3;  // 3 x 4 sums + 1 weight + 3 activations of 16 registers
inline constexpr int kDecodeRows = 2;
#endif
inline constexpr int kTileRows = 4;
inline constexpr int kDecodeTokens = 4;  ///< Up to here a row is cheaper dequantised in registers.
inline constexpr int kPanelRows = 32;    ///< A multiple of kTileRows.
inline constexpr int kPanelCols = 1024;  ///< 32 x 1024 floats: 128 KiB of a core's L2.
inline constexpr int kPanelGroups = kPanelCols / kGroup;

struct Operands {
  WeightView w;
  const float* x;
  std::int64_t tokens;
  float* y;

  std::int64_t groups() const { return w.cols / kGroup; }
};

/// Opens the group at `at`, number `group` of the row.
template <class Row>
HWY_INLINE void open(Row& reader, const std::byte* at, const WeightView& w, std::int64_t row, std::int64_t group) {
  reader.open(at);
  if constexpr (std::is_same_v<Row, F8Row>) reader.scale = w.scale(row, group * kGroup);
}

/// Adds the products of a group of each row, at column `col` of the matrix, with the tokens'.
template <class Row, int tokens, int rows>
HWY_INLINE void add_group(const Row (&readers)[rows], const Operands& o, std::int64_t token, std::int64_t col,
                          FloatVec (&sums)[tokens][kTileRows]) {
  HADAL_UNROLL
  for (int r = 0; r < rows; ++r) {
    FloatVec w[kGroupVecs];
    readers[r].load(0, w);
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      const float* x = o.x + (token + t) * o.w.cols + col;
      HADAL_UNROLL
      for (int i = 0; i < kGroupVecs; ++i) {
        sums[t][r] = hn::MulAdd(hn::LoadU(Float(), x + i * kLanes), w[i], sums[t][r]);
      }
    }
  }
}

/// `rows` rows from `row` times `tokens` tokens from `token`, each row read once.
template <class Row, int tokens, int rows>
HWY_INLINE void decode_tile(const Operands& o, std::int64_t row, std::int64_t token) {
  static_assert(rows <= kTileRows);
  const Float d;
  const hn::FixedTag<float, kTileRows> d4;
  const std::byte* weights[rows];
  hn::Vec<decltype(d4)> totals[tokens];
  HADAL_UNROLL
  for (int r = 0; r < rows; ++r) weights[r] = o.w.row(row + r);
  const std::byte* next = weights[0] + rows * o.w.row_bytes();
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) totals[t] = hn::Zero(d4);

  for (std::int64_t first = 0; first < o.groups(); first += kPanelGroups) {
    const std::int64_t last = std::min(first + kPanelGroups, o.groups());
    FloatVec sums[tokens][kTileRows];
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      HADAL_UNROLL
      for (int r = 0; r < kTileRows; ++r) sums[t][r] = hn::Zero(d);
    }
    for (std::int64_t g = first; g < last; ++g) {
      Row readers[rows];
      HADAL_UNROLL
      for (int r = 0; r < rows; ++r) {
        const std::byte* at = weights[r] + g * Row::kBytes;
        prefetch<Row::kBytes>(o.w.row_bytes() > kShortRow ? at + kLongAhead : next + (g * rows + r) * Row::kBytes);
        open(readers[r], at, o.w, row + r, g);
      }
      add_group(readers, o, token, g * kGroup, sums);
    }
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      totals[t] = hn::Add(sum4(sums[t][0], sums[t][1], sums[t][2], sums[t][3]), totals[t]);
    }
  }
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) hn::StoreN(totals[t], d4, o.y + (token + t) * o.w.rows + row, rows);
}

template <class Row, int tokens>
void decode_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  std::int64_t row = begin;
  for (; row + kDecodeRows <= end; row += kDecodeRows) decode_tile<Row, tokens, kDecodeRows>(o, row, 0);
  for (; row < end; ++row) decode_tile<Row, tokens, 1>(o, row, 0);
}

/// Part of a panel: float32 weights [kPanelRows, stride], zero past the last row.
struct Panel {
  const float* weights;
  std::int64_t stride;
  std::int64_t row;  ///< First row of the matrix in the panel.
  std::int64_t rows;
  std::int64_t col;  ///< First column of the matrix in the panel.
};

template <int tokens>
HWY_INLINE void prefill_tile(const Operands& o, const Panel& panel, std::int64_t tile_row, std::int64_t token) {
  const Float d;
  FloatVec sums[tokens][kTileRows];
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) {
    HADAL_UNROLL
    for (int r = 0; r < kTileRows; ++r) sums[t][r] = hn::Zero(d);
  }
  const float* w = panel.weights + tile_row * panel.stride;
  const float* x = o.x + token * o.w.cols + panel.col;
  for (std::int64_t k = 0; k < panel.stride; k += kLanes) {
    FloatVec weights[kTileRows];
    HADAL_UNROLL
    for (int r = 0; r < kTileRows; ++r) weights[r] = hn::Load(d, w + r * panel.stride + k);
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      const auto activation = hn::LoadU(d, x + t * o.w.cols + k);
      HADAL_UNROLL
      for (int r = 0; r < kTileRows; ++r) sums[t][r] = hn::MulAdd(activation, weights[r], sums[t][r]);
    }
  }
  const hn::FixedTag<float, 4> d4;
  const auto rows = static_cast<std::size_t>(std::min<std::int64_t>(kTileRows, panel.rows - tile_row));
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) {
    float* y = o.y + (token + t) * o.w.rows + panel.row + tile_row;
    auto sum = sum4(sums[t][0], sums[t][1], sums[t][2], sums[t][3]);
    if (panel.col > 0) sum = hn::Add(sum, hn::LoadN(d4, y, rows));
    hn::StoreN(sum, d4, y, rows);
  }
}

template <int tokens>
void prefill_tokens(const Operands& o, const Panel& panel, std::int64_t token) {
  for (std::int64_t row = 0; row < panel.rows; row += kTileRows) prefill_tile<tokens>(o, panel, row, token);
}

template <int tokens>
void prefill_rest(const Operands& o, const Panel& panel, std::int64_t token) {
  if constexpr (tokens > 0) {
    if (o.tokens - token == tokens) return prefill_tokens<tokens>(o, panel, token);
    prefill_rest<tokens - 1>(o, panel, token);
  }
}

template <class Row>
void fill_panel(const WeightView& w, const Panel& panel, float* out) {
  const std::int64_t first = panel.col / kGroup, groups = panel.stride / kGroup;
  const std::int64_t padded = (panel.rows + kTileRows - 1) / kTileRows * kTileRows;
  for (std::int64_t r = 0; r < padded; ++r, out += panel.stride) {
    if (r >= panel.rows) {
      std::fill_n(out, panel.stride, 0.0F);
      continue;
    }
    const std::byte* row = w.row(panel.row + r);
    for (std::int64_t g = 0; g < groups; ++g) {
      Row reader;
      open(reader, row + (first + g) * Row::kBytes, w, panel.row + r, first + g);
      FloatVec vecs[kGroupVecs];
      reader.load(0, vecs);
      HADAL_UNROLL
      for (int v = 0; v < kGroupVecs; ++v) hn::Store(vecs[v], Float(), out + g * kGroup + v * kLanes);
    }
  }
}

template <class Row>
void prefill_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  alignas(64) float weights[kPanelRows * kPanelCols];
  const std::int64_t cols = o.w.cols / kGroup * kGroup;
  if (cols == 0) {
    for (std::int64_t t = 0; t < o.tokens; ++t) std::fill(o.y + t * o.w.rows + begin, o.y + t * o.w.rows + end, 0.0F);
  }
  for (std::int64_t row = begin; row < end; row += kPanelRows) {
    for (std::int64_t col = 0; col < cols; col += kPanelCols) {
      const Panel panel{weights, std::min<std::int64_t>(kPanelCols, cols - col), row,
                        std::min<std::int64_t>(kPanelRows, end - row), col};
      fill_panel<Row>(o.w, panel, weights);
      std::int64_t token = 0;
      for (; token + kPrefillTokens <= o.tokens; token += kPrefillTokens)
        prefill_tokens<kPrefillTokens>(o, panel, token);
      prefill_rest<kPrefillTokens - 1>(o, panel, token);
    }
  }
}

/// The columns past the last whole group; only unquantised types have them.
void add_rest(const Operands& o, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    const std::byte* bytes = o.w.row(row);
    for (std::int64_t col = o.w.cols / kGroup * kGroup; col < o.w.cols; ++col) {
      float weight;
      dequantise_row(o.w.type, bytes + col * dtype_traits(o.w.type).block_bytes, 1, &weight);
      if (o.w.type == DType::f8_e4m3) weight *= o.w.scale(row, col);
      for (std::int64_t t = 0; t < o.tokens; ++t) o.y[t * o.w.rows + row] += weight * o.x[t * o.w.cols + col];
    }
  }
}

template <class Row>
void rows_of(const Operands& o, std::int64_t begin, std::int64_t end) {
  static_assert(kDecodeTokens == 4 && Row::kGroups == 1);
  switch (o.tokens) {
    case 1:
      decode_rows<Row, 1>(o, begin, end);
      break;
    case 2:
      decode_rows<Row, 2>(o, begin, end);
      break;
    case 3:
      decode_rows<Row, 3>(o, begin, end);
      break;
    case 4:
      decode_rows<Row, 4>(o, begin, end);
      break;
    default:
      prefill_rows<Row>(o, begin, end);
      break;
  }
  if (o.w.cols % kGroup != 0) add_rest(o, begin, end);
}

void unquantised_rows(const WeightView& w, const float* x, std::int64_t tokens, float* y, std::int64_t begin,
                      std::int64_t end) {
  const Operands o{w, x, tokens, y};
  switch (w.type) {
    case DType::f32:
      return rows_of<F32Row>(o, begin, end);
    case DType::f16:
      return rows_of<HalfRow<hwy::float16_t>>(o, begin, end);
    case DType::bf16:
      return rows_of<HalfRow<hwy::bfloat16_t>>(o, begin, end);
    case DType::f8_e4m3:
      return rows_of<F8Row>(o, begin, end);
    default:
      HWY_DASSERT(false);
      return;
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(unquantised_rows);
}  // namespace

void cpu::unquantised_rows(const Context& context, const WeightView& w, const float* x, std::int64_t tokens, float* y,
                           std::int64_t begin, std::int64_t end) {
  HADAL_DISPATCH(context, unquantised_rows)(w, x, tokens, y, begin, end);
}

}  // namespace hadal::ops
#endif
