// Sixteen rows of quantised weights, interleaved for products of four bytes. Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_PANEL_INL_H_
#undef HADAL_OPS_MATMUL_PANEL_INL_H_
#else
#define HADAL_OPS_MATMUL_PANEL_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/codes-inl.h"
#include "tensor/view.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

inline constexpr int kPanelRows = 16;
inline constexpr int kPanels = 2;        ///< Side by side: what is read of activations serves them all.
inline constexpr int kPanelBlocks = 16;  ///< Of 32 columns. The panels and a tile of activations fit the L1 cache.

struct Panel {
  /// Codes of block b: bytes [8, 16, 4]: for every four columns those of row 0, of row 1, ...
  alignas(64) std::uint8_t codes[kPanelBlocks][8 * 4 * kPanelRows];
  alignas(64) float scales[kPanelBlocks][2][kPanelRows];  ///< Per half of the block, or in [0] of the whole.
  alignas(64) float minima[kPanelBlocks][2][kPanelRows];
};

/// The codes of a few groups of all rows as they come from the rows, ordered for the transposition below: per half of a
/// group [4, 4] vectors of 16 bytes, that of row r at [r % 4, r / 4].
struct Staged {
  static constexpr int kMostGroups = 8;
  alignas(64) std::uint8_t codes[kMostGroups][2][4][4][16];

  HWY_INLINE std::uint8_t* at(int group, int half, int row) { return codes[group][half][row % 4][row / 4]; }
};

/// Turns 4 x 4 words in every 128 bits, which puts rows 4q .. 4q + 3 of a word into the q-th 128 bits.
HWY_INLINE void interleave(const Staged& from, int group, std::uint8_t* out) {
  using D8 = hn::CappedTag<std::uint8_t, 64>;
  const D8 d8;
  const hn::Repartition<std::uint32_t, D8> d32;
  const hn::Repartition<std::uint64_t, D8> d64;
  constexpr int kBytes = HWY_MAX_LANES_D(D8);
  HADAL_UNROLL
  for (int half = 0; half < 2; ++half) {
    HADAL_UNROLL
    for (int i = 0; i < 64; i += kBytes) {
      const auto load = [&](int r)
                            HWY_ATTR { return hn::BitCast(d32, hn::Load(d8, from.codes[group][half][r][0] + i)); };
      const auto a = load(0), b = load(1), c = load(2), d = load(3);
      const auto ab_low = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
      const auto cd_low = hn::BitCast(d64, hn::InterleaveLower(d32, c, d));
      const auto ab_high = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
      const auto cd_high = hn::BitCast(d64, hn::InterleaveUpper(d32, c, d));
      std::uint8_t* to = out + half * 256 + i;
      hn::Store(hn::BitCast(d8, hn::InterleaveLower(d64, ab_low, cd_low)), d8, to);
      hn::Store(hn::BitCast(d8, hn::InterleaveUpper(d64, ab_low, cd_low)), d8, to + 64);
      hn::Store(hn::BitCast(d8, hn::InterleaveLower(d64, ab_high, cd_high)), d8, to + 128);
      hn::Store(hn::BitCast(d8, hn::InterleaveUpper(d64, ab_high, cd_high)), d8, to + 192);
    }
  }
}

/// Blocks [block, block + blocks) of `rows` rows from the one at `row` on; rows past the last are left as they are.
/// Several groups are staged at a time, so that what is loaded in one piece has left the store buffers by then.
template <class Codes>
void fill_panel(const std::byte* row, std::int64_t row_bytes, int rows, std::int64_t block, int blocks, Panel& panel) {
  const hn::FixedTag<std::uint8_t, 16> d16;
  Staged staged;
  for (int first = 0; first < blocks; first += Staged::kMostGroups) {
    const int groups = std::min(blocks - first, Staged::kMostGroups);
    const std::byte* at = row + (block + first) / Codes::kGroups * Codes::kBytes;
    for (int r = 0; r < rows; ++r, at += row_bytes) {
      Codes from;
      for (int g = 0; g < groups; ++g) {
        const int in_block = g % Codes::kGroups;
        if (in_block == 0) {
          const std::byte* open = at + g / Codes::kGroups * Codes::kBytes;
          prefetch<Codes::kBytes>(open + kPanelRows * row_bytes);
          from.open(open);
        }
        hn::Store(from.codes(in_block, 0), d16, staged.at(g, 0, r));
        hn::Store(from.codes(in_block, 1), d16, staged.at(g, 1, r));
        for (int half = 0; half < Codes::kHalves; ++half) {
          panel.scales[first + g][half][r] = from.scale(in_block, half);
          if (Codes::kMinima) panel.minima[first + g][half][r] = from.minimum(in_block, half);
        }
      }
    }
    for (int g = 0; g < groups; ++g) interleave(staged, g, panel.codes[first + g]);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
