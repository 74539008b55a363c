// Vectors as 16-bit integers. Included once per target by the cpu.cpp of attention and latent attention.
#if defined(HADAL_OPS_ATTENTION_ROUNDED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_ATTENTION_ROUNDED_INL_H_
#undef HADAL_OPS_ATTENTION_ROUNDED_INL_H_
#else
#define HADAL_OPS_ATTENTION_ROUNDED_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hwy/highway.h"
#include "ops/attention/panels.h"
#include "ops/attention/vectors-inl.h"
#include "ops/sum4-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::Repartition<std::uint32_t, Float>;
using Codes = hn::Repartition<std::int16_t, Float>;
using Sums = hn::Repartition<std::int32_t, Float>;
using WordVec = hn::Vec<Words>;
using CodeVec = hn::Vec<Codes>;
using SumVec = hn::Vec<Sums>;

/// Elements that are rounded together, two neighbours to a word.
inline constexpr std::int64_t kGroup = 2 * kLanes;
static_assert(kMostGroup % kGroup == 0 && kValueGroup % kGroup == 0 && kKeyLanes % kLanes == 0);

/// sums += products of the codes in both halves of every word.
HWY_INLINE void add_products(WordVec a, WordVec b, SumVec& sums) {
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86_64
  // GCC 12 copies every sum of the intrinsic in every turn of a loop.
  asm("vpdpwssd %2, %1, %0" : "+v"(sums.raw) : "v"(a.raw), "v"(b.raw));
#else
  sums = hn::Add(sums, hn::WidenMulPairwiseAdd(Sums(), hn::BitCast(Codes(), a), hn::BitCast(Codes(), b)));
#endif
}

/// To the nearest integers; where they do not fit 32 bits, and only a scale that is no number lets that happen, to any.
HWY_INLINE SumVec nearest(FloatVec x) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return SumVec{_mm512_cvtps_epi32(x.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  return SumVec{_mm256_cvtps_epi32(x.raw)};
#else
  return hn::NearestInt(x);
#endif
}

/// x * factor to the nearest integers.
HWY_INLINE CodeVec codes_of(FloatVec lower, FloatVec upper, FloatVec factor) {
  return hn::OrderedDemote2To(Codes(), nearest(hn::Mul(lower, factor)), nearest(hn::Mul(upper, factor)));
}

/// Elements of x from i on, zero from `size` on.
HWY_INLINE FloatVec load_before(const float* x, std::int64_t i, std::int64_t size) {
  if (i + kLanes <= size) return load(x + i);
  return i < size ? load_part(x + i, static_cast<std::size_t>(size - i)) : hn::Zero(Float());
}
HWY_INLINE CodeVec load_before(const std::int16_t* x, std::int64_t i, std::int64_t size) {
  if (i + kGroup <= size) return hn::LoadU(Codes(), x + i);
  if (i >= size) return hn::Zero(Codes());
  return hn::LoadN(Codes(), x + i, static_cast<std::size_t>(size - i));
}

/// For four vectors: what brings them to the norm of codes, and what the codes are multiplied with to have them again.
/// The scale of a vector that is not finite is NaN, and its codes mean nothing.
HWY_INLINE void measure(const float* const* rows, std::int64_t size, float* factors, float* scales) {
  const hn::FixedTag<float, 4> d4;
  FloatVec squares[4];
  HADAL_UNROLL
  for (int j = 0; j < 4; ++j) squares[j] = hn::Zero(Float());
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    HADAL_UNROLL
    for (int j = 0; j < 4; ++j) {
      const FloatVec x = load(rows[j] + i);
      squares[j] = hn::MulAdd(x, x, squares[j]);
    }
  }
  for (int j = 0; j < 4 && i < size; ++j) {
    const FloatVec x = load_part(rows[j] + i, static_cast<std::size_t>(size - i));
    squares[j] = hn::MulAdd(x, x, squares[j]);
  }
  const auto norm = hn::Sqrt(sum4(squares[0], squares[1], squares[2], squares[3]));
  const auto positive = hn::Gt(norm, hn::Zero(d4));
  hn::StoreU(hn::IfThenElseZero(positive, hn::Div(hn::Set(d4, kCodeNorm), norm)), d4, factors);
  const auto no_number = hn::Sub(norm, norm);  // or 0
  hn::StoreU(hn::MulAdd(norm, hn::Set(d4, 1.0F / kCodeNorm), no_number), d4, scales);
}

/// The codes of one vector, a group at a time to put(codes, i), with zeros up to its padded size. Returns the scale.
template <class Put>
HWY_INLINE float round_groups(const float* x, std::int64_t size, const Put& put) {
  const float* const rows[4] = {x, x, x, x};
  float factors[4], scales[4];
  measure(rows, size, factors, scales);
  const FloatVec factor = hn::Set(Float(), factors[0]);
  for (std::int64_t i = 0; i < padded_size(size); i += kGroup) {
    put(codes_of(load_before(x, i, size), load_before(x, i + kLanes, size), factor), i);
  }
  return scales[0];
}

/// One vector: words [rounded_words(size)]. Returns the scale.
inline float round_vector(const float* x, std::int64_t size, std::uint32_t* words) {
  return round_groups(x, size, [&](CodeVec codes, std::int64_t i) HWY_ATTR {
    hn::StoreU(hn::BitCast(Words(), codes), Words(), words + i / 2);
  });
}

/// Lane j of rows[i] to lane i of rows[j].
HWY_INLINE void transpose(WordVec (&rows)[kLanes]) {
  const hn::Repartition<std::uint64_t, Words> d64;
  const auto wide = [&](WordVec v) HWY_ATTR { return hn::BitCast(d64, v); };
  const auto words = [&](auto v) HWY_ATTR { return hn::BitCast(Words(), v); };
  WordVec t[kLanes];  // t[4 R + j], block L: word 4 L + j of rows 4 R .. 4 R + 3
  HADAL_UNROLL
  for (int r = 0; r < kLanes; r += 4) {
    const auto ab = wide(hn::InterleaveLower(rows[r], rows[r + 1]));
    const auto cd = wide(hn::InterleaveLower(rows[r + 2], rows[r + 3]));
    const auto ab2 = wide(hn::InterleaveUpper(Words(), rows[r], rows[r + 1]));
    const auto cd2 = wide(hn::InterleaveUpper(Words(), rows[r + 2], rows[r + 3]));
    t[r] = words(hn::InterleaveLower(ab, cd));
    t[r + 1] = words(hn::InterleaveUpper(d64, ab, cd));
    t[r + 2] = words(hn::InterleaveLower(ab2, cd2));
    t[r + 3] = words(hn::InterleaveUpper(d64, ab2, cd2));
  }
  HADAL_UNROLL
  for (int j = 0; j < 4; ++j) {
    if constexpr (kLanes == 4) {
      rows[j] = t[j];
    } else if constexpr (kLanes == 8) {
      rows[j] = hn::ConcatLowerLower(Words(), t[4 + j], t[j]);
      rows[4 + j] = hn::ConcatUpperUpper(Words(), t[4 + j], t[j]);
    } else {
      const auto even = hn::ConcatLowerLower(Words(), t[8 + j], t[j]);
      const auto odd = hn::ConcatLowerLower(Words(), t[12 + j], t[4 + j]);
      const auto even2 = hn::ConcatUpperUpper(Words(), t[8 + j], t[j]);
      const auto odd2 = hn::ConcatUpperUpper(Words(), t[12 + j], t[4 + j]);
      rows[j] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(odd), even);
      rows[4 + j] = hn::OddEvenBlocks(odd, hn::SwapAdjacentBlocks(even));
      rows[8 + j] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(odd2), even2);
      rows[12 + j] = hn::OddEvenBlocks(odd2, hn::SwapAdjacentBlocks(even2));
    }
  }
}

// Panels of the vectors of a block, one behind another. `rows` are kBlockPositions pointers, of which those from
// `count` on have to be readable; whole groups of kLanes positions are written.

/// Keys from group(row, i), the codes of a vector's group from element i on.
template <class Group>
HWY_INLINE void place_keys(std::int64_t first, std::int64_t size, std::int64_t words, std::uint32_t* keys,
                           const Group& group) {
  std::uint32_t* const to = keys + key_word(words, static_cast<int>(first), 0);
  for (std::int64_t i = 0; i < padded_size(size); i += kGroup) {
    WordVec key[kLanes];
    HADAL_UNROLL
    for (int r = 0; r < kLanes; ++r) key[r] = hn::BitCast(Words(), group(first + r, i));
    transpose(key);
    HADAL_UNROLL
    for (int r = 0; r < kLanes; ++r) hn::StoreU(key[r], Words(), to + (i / 2 + r) * kKeyLanes);
  }
}

template <class Group>
HWY_INLINE void place_values(std::int64_t first, std::int64_t size, std::uint32_t* values, const Group& group) {
  std::uint32_t* const panel = values + first / kPanelPositions * panel_words(size);
  for (std::int64_t i = 0; i < padded_size(size); i += kGroup) {
    std::uint32_t* to = panel + value_word(static_cast<int>(first % kPanelPositions), i);
    HADAL_UNROLL
    for (int r = 0; r < kLanes; r += 2) {
      const CodeVec even = group(first + r, i), odd = group(first + r + 1, i);
      const auto lower = hn::InterleaveWholeLower(Codes(), even, odd);
      const auto upper = hn::InterleaveWholeUpper(Codes(), even, odd);
      hn::StoreU(hn::BitCast(Words(), lower), Words(), to + r / 2 * kValueGroup);
      hn::StoreU(hn::BitCast(Words(), upper), Words(), to + r / 2 * kValueGroup + kLanes);
    }
  }
}

/// Rounds vectors as keys or as values; the other place is null.
inline void round_rows(const float* const* rows, int count, std::int64_t size, std::uint32_t* keys,
                       std::int64_t key_words, std::uint32_t* values, float* scales) {
  float factors[kBlockPositions];
  const auto group = [&](std::int64_t r, std::int64_t i) HWY_ATTR {
    const FloatVec factor = hn::Set(Float(), factors[r]);
    return codes_of(load_before(rows[r], i, size), load_before(rows[r], i + kLanes, size), factor);
  };
  for (std::int64_t first = 0; first < count; first += kLanes) {
    for (std::int64_t j = first; j < first + kLanes; j += 4) measure(rows + j, size, factors + j, scales + j);
    if (keys) place_keys(first, size, key_words, keys, group);
    if (values) place_values(first, size, values, group);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
