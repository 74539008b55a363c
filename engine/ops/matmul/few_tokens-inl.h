// Products of packed rows with more tiles of activations than one, and few enough to meet every block of weights at
// once. Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_FEW_TOKENS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_FEW_TOKENS_INL_H_
#undef HADAL_OPS_MATMUL_FEW_TOKENS_INL_H_
#else
#define HADAL_OPS_MATMUL_FEW_TOKENS_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/quantised_tile-inl.h"

// Requests answered together, a draft that is verified, an expert's share of a prompt: some tens of tokens. Weights
// still come from memory each time, and unpacking them into a panel costs as much as some tokens' products. So a block
// is unpacked into registers once and meets all tiles before the next one: reading goes on beside the arithmetic from
// the first byte to the last.

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// Whether registers hold an unpacked block besides the sums of a tile.
inline constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3;
inline constexpr int kMostTiles = 16;  ///< Their activations are at most 152 bytes a column.

/// A reader's block, unpacked for all tiles that meet it.
template <class Format>
struct OpenBlock {
  CodeVec words[8];
  FloatVec scales[Format::kHalves], minima[Format::kHalves];

  template <class Block>
  HWY_INLINE explicit OpenBlock(const Block& from) {
    HADAL_UNROLL
    for (int i = 0; i < 8; ++i) words[i] = from.codes(i);
    HADAL_UNROLL
    for (int h = 0; h < Format::kHalves; ++h) {
      scales[h] = from.scale(h);
      if constexpr (Format::kMinima) minima[h] = from.minimum(h);
    }
  }
  HWY_INLINE CodeVec codes(int word) const { return words[word]; }
  HWY_INLINE FloatVec scale(int half) const { return scales[half]; }
  HWY_INLINE FloatVec minimum(int half) const { return minima[half]; }
};

/// Adds the products of a block with block `b` of a tile to sums that lie in memory.
template <class Format, int tokens>
HWY_INLINE void add_block(const OpenBlock<Format> (&rows)[1], const std::byte* tile, int b, FloatVec* sums) {
  const TileBlock<Format, tokens> x{tile + b * TileBlock<Format, tokens>::kBytes};
  FloatVec added[1][tokens];
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) added[0][t] = sums[t];
  HADAL_UNROLL
  for (int half = 0; half < Format::kHalves; ++half) add_half<Format, tokens, 1>(rows, x, half, added);
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) sums[t] = added[0][t];
}

/// y [tokens, stride] = the products of up to sixteen packed rows with `tiles` whole tiles and one of `last` tokens.
template <class Format, int last, class Rows>
HWY_NOINLINE void multiply_tiles(const Rows& from, int blocks, int rows, const std::byte* x, int tiles, float* y,
                                 std::int64_t stride) {
  const std::int64_t tile_bytes = std::int64_t{TileBlock<Format, kTileTokens>::kBytes} * blocks;
  for (int row = 0; row < rows; row += kLanes) {
    FloatVec sums[kMostTiles][kTileTokens];
    for (int i = 0; i * kTileTokens < tiles * kTileTokens + last; ++i) {
      HADAL_UNROLL
      for (int t = 0; t < kTileTokens; ++t) sums[i][t] = hn::Zero(Float());
    }
    typename Rows::Header header;
    for (int b = 0; b < blocks; ++b) {
      from.ask(b);
      from.open(b, header);
      const OpenBlock<Format> opened[1]{OpenBlock<Format>(from.block(b, row, header))};
      for (int i = 0; i < tiles; ++i) add_block<Format, kTileTokens>(opened, x + i * tile_bytes, b, sums[i]);
      if constexpr (last > 0) add_block<Format, last>(opened, x + tiles * tile_bytes, b, sums[tiles]);
    }
    const auto count = static_cast<std::size_t>(std::min(rows - row, kLanes));
    for (int t = 0; t < tiles * kTileTokens + last; ++t) {
      hn::StoreN(sums[t / kTileTokens][t % kTileTokens], Float(), y + t * stride + row, count);
    }
  }
}

/// The same for any number of tokens up to kMostTiles * kTileTokens.
template <class Format, class Rows>
void multiply_tiles(int tokens, const Rows& from, int blocks, int rows, const std::byte* x, float* y,
                    std::int64_t stride) {
  static_assert(kTileTokens == 4);
  const int tiles = tokens / kTileTokens;
  switch (tokens % kTileTokens) {
    case 0:
      return multiply_tiles<Format, 0>(from, blocks, rows, x, tiles, y, stride);
    case 1:
      return multiply_tiles<Format, 1>(from, blocks, rows, x, tiles, y, stride);
    case 2:
      return multiply_tiles<Format, 2>(from, blocks, rows, x, tiles, y, stride);
    default:
      return multiply_tiles<Format, 3>(from, blocks, rows, x, tiles, y, stride);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
