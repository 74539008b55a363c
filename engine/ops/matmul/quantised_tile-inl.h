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
#include "ops/matmul/packed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

using SignedBytes = hn::Repartition<std::int8_t, Float>;

template <class T>
HWY_INLINE T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// sum + the products of each four neighbours of `count` vectors of codes with the 4 * count bytes at `x`, which every
/// lane meets alike. `small`: codes up to 15, so that in 16 bits the products of 16 columns fit: 16 * 15 * 127 < 2^15.
template <bool small, int count>
HWY_INLINE IntVec add_products(const CodeVec* codes, const std::byte* x, IntVec sum) {
  const auto four = [x](int i)
                        HWY_ATTR { return hn::BitCast(SignedBytes(), hn::Set(Int(), read<std::int32_t>(x + 4 * i))); };
#if HWY_TARGET == HWY_AVX2
  const hn::Repartition<std::int16_t, Float> d16;
  const auto ones = hn::Set(d16, 1);
  if constexpr (small) {
    auto pairs = hn::SatWidenMulPairwiseAdd(d16, codes[0], four(0));
    HADAL_UNROLL
    for (int i = 1; i < count; ++i) pairs = hn::Add(pairs, hn::SatWidenMulPairwiseAdd(d16, codes[i], four(i)));
    return hn::Add(sum, hn::WidenMulPairwiseAdd(Int(), pairs, ones));
  } else {
    HADAL_UNROLL
    for (int i = 0; i < count; ++i) {
      const auto pairs = hn::SatWidenMulPairwiseAdd(d16, codes[i], four(i));
      sum = hn::Add(sum, hn::WidenMulPairwiseAdd(Int(), pairs, ones));
    }
    return sum;
  }
#else
  HADAL_UNROLL
  for (int i = 0; i < count; ++i) sum = hn::SumOfMulQuadAccumulate(Int(), codes[i], four(i), sum);
  return sum;
#endif
}

/// What of ActivationFormat the code depends on.
template <int p, int h, bool m>
struct TileFormat {
  static constexpr int kPlanes = p, kHalves = h;
  static constexpr bool kMinima = m;
};

/// Adds to y [tokens, stride], rows 0..15, or to nothing where these are the rows' first blocks, the products of kLanes
/// rows from `lane` on.
template <class Format, int tokens, class Weights>
HWY_INLINE void multiply_lanes(const Weights& weights, int blocks, bool first, int lane, int rows,
                               const std::byte* tile, float* y, std::int64_t stride) {
  constexpr int kPlanes = Format::kPlanes, kHalves = Format::kHalves, kWords = 8 / kHalves;
  constexpr int kScales = 32 * kPlanes * tokens, kWordsAt = kScales + 4 * tokens;
  constexpr int kBlockBytes = kWordsAt + 4 * kHalves * tokens;
  const Float df;
  const auto count = static_cast<std::size_t>(std::min(kLanes, rows - lane));
  FloatVec sums[tokens];
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) sums[t] = first ? hn::Zero(df) : hn::LoadN(df, y + t * stride + lane, count);
  for (int b = 0; b < blocks; ++b, tile += kBlockBytes) {
    CodeVec codes[8];
    FloatVec scale[kHalves], minimum[kHalves];
    weights.load(b, lane, codes);
    HADAL_UNROLL
    for (int h = 0; h < kHalves; ++h) {
      scale[h] = weights.scale(b, h, lane);
      if constexpr (Format::kMinima) minimum[h] = weights.minimum(b, h, lane);
    }
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      const auto x_scale = hn::Set(df, read<float>(tile + kScales + 4 * t));
      HADAL_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        const std::byte* word = tile + kWordsAt + 4 * (h * tokens + t);
        const std::byte* x = tile + 32 * t + 4 * kWords * h;
        IntVec sum = Format::kMinima ? hn::Zero(Int()) : hn::Set(Int(), read<std::int32_t>(word));
        if constexpr (kPlanes == 1) {
          sum = add_products<true, kWords>(codes + kWords * h, x, sum);
        } else {
          const auto high = add_products<false, kWords>(codes + kWords * h, x, hn::Zero(Int()));
          sum = add_products<false, kWords>(codes + kWords * h, x + 32 * tokens, sum);
          sum = hn::Add(sum, hn::ShiftLeft<7>(high));
        }
        sums[t] = hn::MulAdd(hn::ConvertTo(df, sum), hn::Mul(scale[h], x_scale), sums[t]);
        if constexpr (Format::kMinima) {
          sums[t] = hn::MulAdd(minimum[h], hn::Set(df, read<float>(word)), sums[t]);
        }
      }
    }
  }
  HADAL_UNROLL
  for (int t = 0; t < tokens; ++t) hn::StoreN(sums[t], df, y + t * stride + lane, count);
}

template <class Format, int tokens, class Weights>
HWY_NOINLINE void multiply_tile(const Weights& weights, int blocks, bool first, int rows, const std::byte* tile,
                                float* y, std::int64_t stride) {
  for (int lane = 0; lane < rows; lane += kLanes) {
    multiply_lanes<Format, tokens>(weights, blocks, first, lane, rows, tile, y, stride);
  }
}

template <class Format, int most = kTileTokens, class Weights>
void multiply_tile(int tokens, const Weights& weights, int blocks, bool first, int rows, const std::byte* tile,
                   float* y, std::int64_t stride) {
  if constexpr (most > 0) {
    if (tokens == most) return multiply_tile<Format, most>(weights, blocks, first, rows, tile, y, stride);
    multiply_tile<Format, most - 1>(tokens, weights, blocks, first, rows, tile, y, stride);
  }
}

/// A block of 32 activations as the tile has it.
struct RoundedBlock {
  alignas(64) std::int8_t planes[2][32];
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
      for (int p = 0; p < format.planes; ++p) std::memcpy(out + 32 * (p * tokens + t), block.planes[p], 32);
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
