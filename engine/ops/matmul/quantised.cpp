#include "ops/matmul/quantised.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/quantised.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/matmul/quantised_tile-inl.h"
// clang-format on

// Integers meet integers: activations are rounded once per operation (activations.h says how finely), and four products
// of bytes are one step of a lane. For that sixteen rows of weights are interleaved into a panel that stays in the L1
// cache while all tokens pass it.
//
// Sums of a block are exact, and blocks are added in their order, lane by lane, whatever the number of tokens: so a
// token's result does not depend, to the last bit, on how many others are computed with it, nor on the processor.

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

void round_tiles(const ActivationFormat& format, const float* x, std::int64_t tokens, std::int64_t cols,
                 std::byte* out) {
  for (std::int64_t t = 0; t < tokens; t += kTileTokens) {
    const auto count = static_cast<int>(std::min<std::int64_t>(kTileTokens, tokens - t));
    round_tile(format, x + t * cols, count, cols, out + format.bytes(t, cols));
  }
}

struct Operands {
  const WeightView& w;
  const std::byte* x;
  std::int64_t tokens;
  float* y;
};

template <class Codes, class Format>
void rows_of(const Operands& o, std::int64_t begin, std::int64_t end) {
  static_assert(kPanelBlocks % Codes::kGroups == 0);
  const ActivationFormat format = activation_format(o.w.type);
  const std::int64_t blocks = o.w.cols / 32, row_bytes = o.w.row_bytes();
  Panel panel;
  for (std::int64_t row = begin; row < end; row += kPanelRows) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(kPanelRows, end - row));
    for (std::int64_t block = 0; block < blocks; block += kPanelBlocks) {
      const auto count = static_cast<int>(std::min<std::int64_t>(kPanelBlocks, blocks - block));
      fill_panel<Codes>(o.w.data + row * row_bytes, row_bytes, rows, block, count, panel);
      for (std::int64_t t = 0; t < o.tokens; t += kTileTokens) {
        const auto tokens = static_cast<int>(std::min<std::int64_t>(kTileTokens, o.tokens - t));
        const std::byte* tile = o.x + format.bytes(t, o.w.cols) + format.bytes(tokens, 32 * block);
        multiply_tile<Format>(tokens, panel, count, block == 0, rows, tile, o.y + t * o.w.rows + row, o.w.rows);
      }
    }
  }
}

template <class Codes, int planes>
void rows_of(const Operands& o, std::int64_t begin, std::int64_t end) {
  rows_of<Codes, TileFormat<planes, Codes::kHalves, Codes::kMinima>>(o, begin, end);
}

void quantised_rows(const WeightView& w, const std::byte* x, std::int64_t tokens, float* y, std::int64_t begin,
                    std::int64_t end) {
  const Operands o{w, x, tokens, y};
  switch (w.type) {
    case DType::q4_0:
      return rows_of<Q4_0Codes, 1>(o, begin, end);
    case DType::q4_1:
      return rows_of<Q4_1Codes, 2>(o, begin, end);
    case DType::q5_0:
      return rows_of<Q5_0Codes, 2>(o, begin, end);
    case DType::q5_1:
      return rows_of<Q5_1Codes, 2>(o, begin, end);
    case DType::q8_0:
      return rows_of<Q8_0Codes, 2>(o, begin, end);
    case DType::q2_k:
      return rows_of<Q2_KCodes, 2>(o, begin, end);
    case DType::q3_k:
      return rows_of<Q3_KCodes, 2>(o, begin, end);
    case DType::q4_k:
      return rows_of<Q4_KCodes, 1>(o, begin, end);
    case DType::q5_k:
      return rows_of<Q5_KCodes, 2>(o, begin, end);
    case DType::q6_k:
      return rows_of<Q6_KCodes, 2>(o, begin, end);
    case DType::iq4_nl:
      return rows_of<IQ4_NLCodes, 2>(o, begin, end);
    case DType::iq4_xs:
      return rows_of<IQ4_XSCodes, 2>(o, begin, end);
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
HWY_EXPORT(round_tiles);
HWY_EXPORT(quantised_rows);
}  // namespace

void cpu::round_activations(const Context& context, const ActivationFormat& format, const float* x,
                            std::int64_t tokens, std::int64_t cols, std::byte* out) {
  HADAL_DISPATCH(context, round_tiles)(format, x, tokens, cols, out);
}

void cpu::quantised_rows(const Context& context, const WeightView& w, const std::byte* x, std::int64_t tokens,
                         float* y, std::int64_t begin, std::int64_t end) {
  HADAL_DISPATCH(context, quantised_rows)(w, x, tokens, y, begin, end);
}

}  // namespace hadal::ops
#endif
