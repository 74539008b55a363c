// Products of a panel of quantised weights with tiles of rounded activations, and the rounding. Included once per
// target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_QUANTISED_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_QUANTISED_TILE_INL_H_
#undef HADAL_OPS_MATMUL_QUANTISED_TILE_INL_H_
#else
#define HADAL_OPS_MATMUL_QUANTISED_TILE_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "hwy/highway.h"
#include "ops/matmul/activations.h"
#include "ops/matmul/dot-inl.h"
#include "ops/matmul/packed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

template <class T>
HWY_INLINE T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// What of ActivationFormat the code depends on.
template <int p, int h, bool m>
struct TileFormat {
  static constexpr int kPlanes = p, kHalves = h, kWords = 8 / h;
  static constexpr bool kMinima = m;
};

/// A tile's blocks, one after another.
template <class Format, int tokens>
struct TileBlock {
  static constexpr int kScales = 32 * Format::kPlanes * tokens, kWords = kScales + 4 * tokens;
  static constexpr int kBytes = kWords + 4 * Format::kHalves * tokens;
  const std::byte* at;

  /// What meets four codes: of a plane four bytes, or with pairs the even or the odd numbers.
  HWY_INLINE IntVec four(int plane, int t, int word) const {
    constexpr bool pairs = kPairs && Format::kPlanes == 2;
    const int offset = pairs ? 64 * t + 8 * word + 4 * plane : 32 * (plane * tokens + t) + 4 * word;
    return hn::Set(Int(), read<std::int32_t>(at + offset));
  }
  HWY_INLINE FloatVec scale(int t) const { return hn::Set(Float(), read<float>(at + kScales + 4 * t)); }
  template <class D>
  HWY_INLINE hn::Vec<D> word(D d, int half, int t) const {
    return hn::Set(d, read<hn::TFromD<D>>(at + kWords + 4 * (half * tokens + t)));
  }
};

/// Adds a half of a block to the sums. Word by word and token by token, so that as many chains of products run side by
/// side as there are sums, and every four bytes of activations are read once for all vectors of rows.
template <class Format, int tokens, int vecs, class Block>
HWY_INLINE void add_half(const Block (&rows)[vecs], const TileBlock<Format, tokens>& x, int half,
                         FloatVec (&sums)[vecs][tokens]) {
  constexpr int kPlanes = Format::kPlanes;
  using Dot = typename DotFor<kPlanes>::Type;
  constexpr int kSums = std::min(kPlanes, Dot::kSums);
  Dot dots[kSums][vecs][tokens];
  HADAL_UNROLL
  for (int i = 0; i < Format::kWords; ++i) {
    const int word = half * Format::kWords + i;
    HADAL_UNROLL
    for (int p = 0; p < kPlanes; ++p) {
      decltype(Dot::part(rows[0].codes(word), p)) codes[vecs];
      HADAL_UNROLL
      for (int v = 0; v < vecs; ++v) codes[v] = Dot::part(rows[v].codes(word), p);
      HADAL_UNROLL
      for (int t = 0; t < tokens; ++t) {
        const auto four = x.four(p, t, word);
        HADAL_UNROLL
        for (int v = 0; v < vecs; ++v) {
          Dot& dot = dots[p % kSums][v][t];
          if (i == 0 && p < kSums) {
            dot.begin(codes[v], four);
          } else {
            dot.add(codes[v], four);
          }
        }
      }
    }
  }
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) {
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) {
      auto sum = dots[kSums - 1][v][t].total();
      if constexpr (kSums == 2) sum = hn::Add(sum, hn::ShiftLeft<7>(dots[0][v][t].total()));
      if constexpr (!Format::kMinima) sum = hn::Add(sum, x.word(Int(), half, t));
      sums[v][t] = hn::MulAdd(hn::ConvertTo(Float(), sum), hn::Mul(rows[v].scale(half), x.scale(t)), sums[v][t]);
      if constexpr (Format::kMinima)
        sums[v][t] = hn::MulAdd(rows[v].minimum(half), x.word(Float(), half, t), sums[v][t]);
    }
  }
}

/// The lanes of y for `rows` rows, kLanes or fewer: of a part only these exist.
HWY_INLINE FloatVec load_rows(const float* y, int rows) {
  return rows >= kLanes ? hn::LoadU(Float(), y) : hn::LoadN(Float(), y, static_cast<std::size_t>(std::max(rows, 0)));
}
HWY_INLINE void store_rows(FloatVec values, float* y, int rows) {
  if (rows >= kLanes) return hn::StoreU(values, Float(), y);
  hn::StoreN(values, Float(), y, static_cast<std::size_t>(std::max(rows, 0)));
}

/// Adds to y [tokens, stride], or to nothing where these are the rows' first blocks, the products of `vecs` vectors of
/// rows from `row` on.
template <class Format, int tokens, int vecs, class Rows>
HWY_INLINE void multiply_vecs(const Rows& from, int blocks, bool first, int row, int rows, const std::byte* tile,
                              float* y, std::int64_t stride) {
  FloatVec sums[vecs][tokens];
  HADAL_UNROLL
  for (int v = 0; v < vecs; ++v) {
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      const float* at = y + t * stride + row + v * kLanes;
      sums[v][t] = first ? hn::Zero(Float()) : load_rows(at, rows - row - v * kLanes);
    }
  }
  TileBlock<Format, tokens> x{tile};
  typename Rows::Header header;
  for (int b = 0; b < blocks; ++b, x.at += x.kBytes) {
    from.open(b, header);
    typename Rows::Block opened[vecs];
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) opened[v] = from.block(b, row + v * kLanes, header);
    HADAL_UNROLL
    for (int half = 0; half < Format::kHalves; ++half) add_half<Format, tokens, vecs>(opened, x, half, sums);
  }
  HADAL_UNROLL
  for (int v = 0; v < vecs; ++v) {
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      store_rows(sums[v][t], y + t * stride + row + v * kLanes, rows - row - v * kLanes);
    }
  }
}

template <class Format, int tokens, class Rows>
HWY_NOINLINE void multiply_tile(const Rows& from, int blocks, bool first, int rows, const std::byte* tile, float* y,
                                std::int64_t stride) {
  for (int row = 0; row < rows; row += Rows::kVecs * kLanes) {
    multiply_vecs<Format, tokens, Rows::kVecs>(from, blocks, first, row, rows, tile, y, stride);
  }
}

template <class Format, int most = kTileTokens, class Rows>
void multiply_tile(int tokens, const Rows& from, int blocks, bool first, int rows, const std::byte* tile, float* y,
                   std::int64_t stride) {
  if constexpr (most > 0) {
    if (tokens == most) return multiply_tile<Format, most>(from, blocks, first, rows, tile, y, stride);
    multiply_tile<Format, most - 1>(tokens, from, blocks, first, rows, tile, y, stride);
  }
}

/// A block of 32 activations as the tile has it.
struct RoundedBlock {
  alignas(64) std::int8_t planes[2][32];
  alignas(64) std::int16_t pairs[32];  ///< With kPairs instead of two planes: of every four n the even, then the odd.
  float scale;
  std::int32_t sums[2];  ///< Of the two halves.
};

HWY_INLINE void round_block(const float* x, int planes, RoundedBlock& out) {
  const Float df;
  const hn::Rebind<std::int8_t, Float> d8;
  FloatVec v[kGroupVecs];
  auto most = hn::Zero(Int());
  HADAL_UNROLL
  for (int i = 0; i < kGroupVecs; ++i) {
    v[i] = hn::LoadU(df, x + i * kLanes);
    // The bits of numbers without a sign are ordered as the numbers are, and NaN comes last.
    most = hn::Max(most, hn::BitCast(Int(), hn::Abs(v[i])));
  }
  const auto largest = std::bit_cast<float>(hn::ReduceMax(Int(), most));
  const float levels = planes == 1 ? 127.0F : 8191.0F;
  // Below 2^-100 a block counts as zero: its inverse would overflow. What is no number stays so through the scale.
  const bool usable = largest >= 0x1p-100F && largest <= std::numeric_limits<float>::max();
  out.scale = largest / levels;
  const auto inverse = hn::Set(df, usable ? levels / largest : 0.0F);
  HADAL_UNROLL
  for (int half = 0; half < 2; ++half) {
    auto sum = hn::Zero(Int());
    HADAL_UNROLL
    for (int i = half * kGroupVecs / 2; i < (half + 1) * kGroupVecs / 2; ++i) {
      const auto n = hn::NearestInt(hn::Mul(v[i], inverse));
      sum = hn::Add(sum, n);
      if (planes == 1) {
        hn::StoreU(hn::DemoteTo(d8, n), d8, out.planes[0] + i * kLanes);
        continue;
      }
      if constexpr (kPairs) {
        const hn::Rebind<std::int16_t, Float> d16;
        hn::StoreU(hn::DemoteTo(d16, hn::Per4LaneBlockShuffle<3, 1, 2, 0>(n)), d16, out.pairs + i * kLanes);
        continue;
      }
      const auto high = hn::ShiftRight<7>(hn::Add(n, hn::Set(Int(), 64)));
      hn::StoreU(hn::DemoteTo(d8, high), d8, out.planes[0] + i * kLanes);
      hn::StoreU(hn::DemoteTo(d8, hn::Sub(n, hn::ShiftLeft<7>(high))), d8, out.planes[1] + i * kLanes);
    }
    out.sums[half] = hn::ReduceSum(Int(), sum);
  }
}

void round_tile(const ActivationFormat& format, const float* x, int tokens, std::int64_t cols, std::byte* out) {
  const auto put = [](std::byte* to, auto value) { std::memcpy(to, &value, sizeof value); };
  RoundedBlock block;
  for (std::int64_t b = 0; b < cols / 32; ++b, out += format.block_bytes() * tokens) {
    std::byte* scales = out + 32 * format.planes * tokens;
    std::byte* words = scales + 4 * tokens;
    for (int t = 0; t < tokens; ++t) {
      round_block(x + t * cols + b * 32, format.planes, block);
      if (kPairs && format.planes == 2) {
        std::memcpy(out + 64 * t, block.pairs, 64);
      } else {
        for (int p = 0; p < format.planes; ++p) std::memcpy(out + 32 * (p * tokens + t), block.planes[p], 32);
      }
      put(scales + 4 * t, block.scale);
      for (int h = 0; h < format.halves; ++h) {
        const std::int32_t sum = format.halves == 2 ? block.sums[h] : block.sums[0] + block.sums[1];
        std::byte* word = words + 4 * (h * tokens + t);
        if (format.bias > 0) {
          put(word, -format.bias * sum);
        } else {
          put(word, block.scale * static_cast<float>(sum));
        }
      }
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
