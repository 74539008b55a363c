#include "ops/matmul/quantised.h"

#include <algorithm>

#include "ops/matmul/bfloat16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/quantised.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/matmul/few_tokens-inl.h"
#include "ops/matmul/pack-inl.h"
// clang-format on

// Integers meet integers: activations are rounded once per operation (activations.h says how finely), and four products
// of bytes, or on AVX2 two, are one step of a lane (dot-inl.h). For that sixteen rows of weights are interleaved into a
// panel that stays in the L1 cache while all tokens pass it.
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

/// Rows of which the outputs, and the part of the activations that they meet at a time, fit the L2 cache.
inline constexpr std::int64_t kBandRows = 128;

/// A part of the rows' blocks: what lies in panels at a time.
struct Part {
  std::int64_t row;
  int rows;  ///< Up to sixteen.
  int block, blocks;
};

/// What comes after [row, block] where a band's rows are done first and then the next blocks; may lie past them.
struct Next {
  std::int64_t row;
  int block;
};

/// Rows [begin, end) in panels that stay in the L1 cache while all tokens pass them. `Source` brings them there:
///   fill(part, panel)    a part of them
///   ask(next, i, of)     asks for the i-th piece of so many of the part that comes next, while this one is multiplied
template <class Format, class Source>
void multiply_band(const Operands& o, const ActivationFormat& format, std::int64_t begin, std::int64_t end,
                   const Source& source) {
  constexpr int kRows = kPanels * kPanelRows;
  const auto blocks = static_cast<int>(o.w.cols / 32);
  Panel panels[kPanels];
  for (int block = 0; block < blocks; block += kPanelBlocks) {
    const int count = std::min(kPanelBlocks, blocks - block);
    for (std::int64_t row = begin; row < end; row += kRows) {
      const auto rows = static_cast<int>(std::min<std::int64_t>(kRows, end - row));
      for (int r = 0; r < rows; r += kPanelRows) {
        source.fill({row + r, std::min(kPanelRows, rows - r), block, count}, panels[r / kPanelRows]);
      }
      const Next next = row + kRows < end ? Next{row + kRows, block} : Next{begin, block + kPanelBlocks};
      for (std::int64_t t = 0; t < o.tokens; t += kTileTokens) {
        const auto tokens = static_cast<int>(std::min<std::int64_t>(kTileTokens, o.tokens - t));
        const std::byte* tile = o.x + format.bytes(t, o.w.cols) + format.bytes(tokens, 32 * std::int64_t{block});
        source.ask(next, t, o.tokens);
        multiply_tile<Format>(tokens, PanelRows{panels}, count, block == 0, rows, tile, o.y + t * o.w.rows + row,
                              o.w.rows);
      }
    }
  }
}

template <class Format, class Source>
void multiply_panels(const Operands& o, std::int64_t begin, std::int64_t end, const Source& source) {
  const ActivationFormat format = activation_format(o.w.type);
  for (std::int64_t row = begin; row < end; row += kBandRows) {
    multiply_band<Format>(o, format, row, std::min(row + kBandRows, end), source);
  }
}

/// The rows of a matrix as they lie in its file.
template <class Codes>
struct FileRows {
  static_assert(kPanelBlocks % Codes::kGroups == 0);
  const WeightView& w;

  void fill(const Part& part, Panel& panel) const {
    fill_panel<Codes>(w.row(part.row), w.row_bytes(), part.rows, part.block, part.blocks, panel);
  }
  void ask(const Next&, std::int64_t, std::int64_t) const {}  // fill_panel does, row by row
};

template <class Codes, int planes>
void rows_of(const Operands& o, std::int64_t begin, std::int64_t end) {
  multiply_panels<TileFormat<planes, Codes::kHalves, Codes::kMinima>>(o, begin, end, FileRows<Codes>{o.w});
}

template <class Packed, class Format>
struct PackedSource {
  const WeightView& w;
  std::int64_t group_bytes = PackedLayout::of(w.type).group_bytes(w.cols);

  Packed group(std::int64_t row) const { return {{w.packed + row / kPanelRows * group_bytes}}; }
  void fill(const Part& part, Panel& panel) const {
    fill_panel_from_packed<Packed, Format::kHalves, Format::kMinima>(group(part.row), part.block, part.blocks, panel);
  }
  /// Inlined, or GCC takes a function that only prefetches for one without effect.
  HWY_INLINE void ask(const Next& next, std::int64_t i, std::int64_t of) const {
    constexpr std::int64_t kMost = kPanelBlocks * Packed::kBlockBytes;
    const std::int64_t length = (kMost * kTileTokens / of + 63) / 64 * 64;
    const std::int64_t from = i / kTileTokens * length;
    if (next.block >= w.cols / 32 || from >= kMost) return;
    for (int p = 0; p < kPanels; ++p) {
      const std::byte* at = group(next.row + p * kPanelRows).codes(next.block) + from;
      for (std::int64_t b = 0; b < length; b += 64) hwy::Prefetch(at + b);
    }
  }
};

/// Packed rows. A few tokens read them where they are; for more they are unpacked once.
template <class Packed, int planes, int halves, bool minima>
void packed_rows_of(const Operands& o, std::int64_t begin, std::int64_t end) {
  using Format = TileFormat<planes, halves, minima>;
  const PackedSource<Packed, Format> source{o.w};
  if (o.tokens > (kManyRegisters ? kMostTiles : 2) * kTileTokens) return multiply_panels<Format>(o, begin, end, source);
  const ActivationFormat format = activation_format(o.w.type);
  const auto blocks = static_cast<int>(o.w.cols / 32);
  for (std::int64_t row = begin; row < end; row += kPanelRows) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(kPanelRows, end - row));
    const UnpackedRows<Packed> from{source.group(row)};
    if (kManyRegisters && o.tokens > kTileTokens) {
      multiply_tiles<Format>(static_cast<int>(o.tokens), from, blocks, rows, o.x, o.y + row, o.w.rows);
      continue;
    }
    for (std::int64_t t = 0; t < o.tokens; t += kTileTokens) {
      const auto tokens = static_cast<int>(std::min<std::int64_t>(kTileTokens, o.tokens - t));
      multiply_tile<Format>(tokens, from, blocks, true, rows, o.x + format.bytes(t, o.w.cols), o.y + t * o.w.rows + row,
                            o.w.rows);
    }
  }
}

void packed_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  switch (o.w.type) {
    case DType::q4_0:
      return packed_rows_of<PackedQ4_0, 1, 1, false>(o, begin, end);
    case DType::q4_1:
      return packed_rows_of<PackedQ4_1, 2, 1, true>(o, begin, end);
    case DType::q8_0:
      return packed_rows_of<PackedQ8_0, 2, 1, false>(o, begin, end);
    case DType::q4_k:
      return packed_rows_of<PackedQ4_K, 1, 1, true>(o, begin, end);
    case DType::q6_k:
      return packed_rows_of<PackedQ6_K, 2, 2, false>(o, begin, end);
    default:
      HWY_DASSERT(false);
      return;
  }
}

void pack(const WeightView& w, std::int64_t group, std::byte* out) {
  switch (w.type) {
    case DType::q4_0:
      return pack_group<Q4_0Codes, BlockQ4_0>(w, 4, group, out);
    case DType::q4_1:
      return pack_group<Q4_1Codes, BlockQ4_1>(w, 4, group, out);
    case DType::q8_0:
      return pack_group<Q8_0Codes, BlockQ8_0>(w, 8, group, out);
    case DType::q4_k:
      return pack_group<Q4_KCodes, BlockQ4_K>(w, 4, group, out);
    case DType::q6_k:
      return pack_group<Q6_KCodes, BlockQ6_K>(w, 6, group, out);
    default:
      HWY_DASSERT(false);
      return;
  }
}

void quantised_rows(const WeightView& w, const std::byte* x, std::int64_t tokens, float* y, std::int64_t begin,
                    std::int64_t end) {
  const Operands o{w, x, tokens, y};
  if (w.packed) return packed_rows(o, begin, end);
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
HWY_EXPORT(pack);
}  // namespace

void cpu::round_activations(const Context& context, const ActivationFormat& format, const float* x, std::int64_t tokens,
                            std::int64_t cols, std::byte* out) {
  if (format.chunks) return round_chunks(context, x, tokens, cols, out);
  HADAL_DISPATCH(context, round_tiles)(format, x, tokens, cols, out);
}

void cpu::quantised_rows(const Context& context, const WeightView& w, const std::byte* x, std::int64_t tokens, float* y,
                         std::int64_t begin, std::int64_t end) {
  HADAL_DISPATCH(context, quantised_rows)(w, x, tokens, y, begin, end);
}

void cpu::pack_rows(std::size_t cpu_target, const WeightView& w, std::int64_t group, std::byte* out) {
  if (w.type == DType::bf16) return pack_bfloat16(cpu_target, w, group, out);
  (*HWY_DISPATCH_TABLE(pack)[cpu_target])(w, group, out);
}

}  // namespace hadal::ops
#endif
