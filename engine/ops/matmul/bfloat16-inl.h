// BF16 weights as 16-bit integers. Included once per target by bfloat16.cpp.
#if defined(HADAL_OPS_MATMUL_BFLOAT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_BFLOAT16_INL_H_
#undef HADAL_OPS_MATMUL_BFLOAT16_INL_H_
#else
#define HADAL_OPS_MATMUL_BFLOAT16_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "ops/attention/block-inl.h"
#include "ops/matmul/bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
using cpu::chunked_bytes, cpu::chunks_of, cpu::kChunkCols, cpu::kPackedChunkBytes;

inline constexpr std::int64_t kChunkWords = kChunkCols / 2;

struct Operands {
  WeightView w;
  const std::byte* x;
  std::int64_t tokens;
  float* y;

  std::int64_t chunks() const { return chunks_of(w.cols); }
  /// A token's activations, rounded.
  const std::uint32_t* words(std::int64_t token, std::int64_t chunk) const {
    return reinterpret_cast<const std::uint32_t*>(x + token * chunked_bytes(w.cols)) + chunk * kChunkWords;
  }
  /// Its scale.
  float scale(std::int64_t token, std::int64_t chunk) const {
    return reinterpret_cast<const float*>(words(token, chunks()))[chunk];
  }
};

/// A row's chunk of weights as it lies in the file, or where the row ends in it, in `spare` with zeros behind.
HWY_INLINE const std::byte* find_chunk(const Operands& o, std::int64_t row, std::int64_t chunk, std::byte* spare) {
  constexpr std::int64_t bytes = 2 * kChunkCols;
  const std::byte* at = o.w.data + row * o.w.row_bytes() + chunk * bytes;
  const std::int64_t rest = 2 * o.w.cols - chunk * bytes;
  if (HWY_LIKELY(rest >= bytes)) return at;
  std::memset(spare, 0, bytes);
  std::memcpy(spare, at, static_cast<std::size_t>(rest));
  return spare;
}

HWY_INLINE WordVec load_pairs(const std::byte* chunk, std::int64_t i) {
  const hn::Repartition<std::uint8_t, Words> d8;
  return hn::BitCast(Words(), hn::LoadU(d8, reinterpret_cast<const std::uint8_t*>(chunk) + 4 * i));
}

/// A chunk of weights as words of two codes. Returns their scale, a power of two: codes are 4096 at most, so that with
/// activations of kCodeNorm no sum of products leaves 32 bits (Cauchy-Schwarz: 4096 sqrt(128) 32000 < 2^31).
HWY_INLINE float round_weights(const std::byte* chunk, std::uint32_t* words) {
  const Words d;
  const hn::Repartition<std::uint16_t, Words> d16;
  const WordVec magnitude = hn::Set(d, 0x7FFF7FFFU), upper = hn::Set(d, 0xFFFF0000U);
  auto most = hn::BitCast(d16, hn::And(load_pairs(chunk, 0), magnitude));
  HADAL_UNROLL
  for (std::int64_t i = kLanes; i < kChunkWords; i += kLanes) {
    most = hn::Max(most, hn::BitCast(d16, hn::And(load_pairs(chunk, i), magnitude)));
  }
  const WordVec both = hn::BitCast(d, most);
  const std::uint32_t largest = hn::ReduceMax(d, hn::Max(hn::ShiftRight<16>(both), hn::AndNot(upper, both)));
  constexpr std::uint32_t kBits = 11, kBias = 127, kNoNumber = 255;
  const std::uint32_t exponent = std::max(largest >> 7, kBits + 1);
  const std::uint32_t shift = 2 * kBias + kBits - std::min(exponent, kNoNumber - 1);
  const FloatVec factor = hn::BitCast(Float(), hn::Set(d, shift << 23));
  HADAL_UNROLL
  for (std::int64_t i = 0; i < kChunkWords; i += kLanes) {
    const WordVec two = load_pairs(chunk, i);
    const auto even = nearest(hn::Mul(hn::BitCast(Float(), hn::ShiftLeft<16>(two)), factor));
    const auto odd = nearest(hn::Mul(hn::BitCast(Float(), hn::And(two, upper)), factor));
    hn::Store(hn::OrAnd(hn::ShiftLeft<16>(hn::BitCast(d, odd)), hn::Not(upper), hn::BitCast(d, even)), d, words + i);
  }
  return exponent == kNoNumber ? std::numeric_limits<float>::quiet_NaN()
                               : std::bit_cast<float>((exponent - kBits) << 23);
}

/// A chunk of kLanes rows from `row`; those past the last one are the last one.
inline void round_rows_of(const Operands& o, std::int64_t row, std::int64_t chunk, std::uint32_t* words,
                          float* scales) {
  for (std::int64_t r = 0; r < kLanes; ++r, words += kChunkWords) {
    alignas(64) std::byte spare[2 * kChunkCols];
    scales[r] = round_weights(find_chunk(o, std::min(row + r, o.w.rows - 1), chunk, spare), words);
  }
}

/// Puts these into a panel as its rows from `first`.
inline void place_rounded(std::int64_t first, const std::uint32_t* words, std::uint32_t* panel) {
  place_keys(first, kChunkCols, kChunkWords, panel, [&](std::int64_t r, std::int64_t i) HWY_ATTR {
    return hn::BitCast(Codes(), hn::Load(Words(), words + (r - first) * kChunkWords + i / 2));
  });
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
