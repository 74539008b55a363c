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
#include "ops/attention/rounded.h"
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
using SumVec = hn::Vec<Sums>;

/// Elements that are rounded together: word j holds elements j and kLanes + j.
inline constexpr std::int64_t kGroup = 2 * kLanes;
static_assert(kGroup <= kMostGroup);

/// Words of a rounded vector, whole groups.
constexpr std::int64_t words_of(std::int64_t size) {
  return (size + kGroup - 1) / kGroup * kLanes;
}

/// sums + products of the codes in both halves of every word.
HWY_INLINE SumVec add_products(WordVec a, WordVec b, SumVec sums) {
  const auto x = hn::BitCast(Codes(), a), y = hn::BitCast(Codes(), b);
#if HWY_TARGET <= HWY_AVX3_DL
  SumVec unused = sums;
  return hn::ReorderWidenMulAccumulate(Sums(), x, y, sums, unused);
#else
  return hn::Add(sums, hn::WidenMulPairwiseAdd(Sums(), x, y));
#endif
}

/// x * factor to the nearest integer, in the lower half of each word: what an addition of 1.5 * 2^23 leaves of a float.
HWY_INLINE WordVec code(FloatVec x, FloatVec factor) {
  return hn::BitCast(Words(), hn::MulAdd(x, factor, hn::Set(Float(), 12582912.0F)));
}

/// The lower halves of both.
HWY_INLINE WordVec pair(WordVec lower, WordVec upper) {
  const auto high = hn::BitCast(Codes(), hn::ShiftLeft<16>(upper));
  return hn::BitCast(Words(), hn::OddEven(high, hn::BitCast(Codes(), lower)));
}

/// Elements of x from i on, zero from `size` on.
template <class T>
HWY_INLINE FloatVec load_before(const T* x, std::int64_t i, std::int64_t size) {
  if (i + kLanes <= size) return load(x + i);
  return i < size ? load_part(x + i, static_cast<std::size_t>(size - i)) : hn::Zero(Float());
}

/// For four vectors: what brings them to the norm of codes, and what the codes are multiplied with to have them again.
/// A vector that is not finite has codes of 0 and a scale that is not finite either.
template <class T>
HWY_INLINE void measure(const T* const* rows, std::int64_t size, float* factors, float* scales) {
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
  hn::StoreU(hn::Mul(norm, hn::Set(d4, 1.0F / kCodeNorm)), d4, scales);
}

/// One vector: words [words_of(size)]. Returns the scale.
template <class T>
float round_vector(const T* x, std::int64_t size, std::uint32_t* words) {
  const T* const rows[4] = {x, x, x, x};
  float factors[4], scales[4];
  measure(rows, size, factors, scales);
  const FloatVec factor = hn::Set(Float(), factors[0]);
  for (std::int64_t i = 0; i < size; i += kGroup) {
    const WordVec lower = code(load_before(x, i, size), factor);
    hn::StoreU(pair(lower, code(load_before(x, i + kLanes, size), factor)), Words(), words + i / 2);
  }
  return scales[0];
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

/// Where the rounded vectors of kLanes neighbouring positions go; either may be null.
struct PanelPlace {
  std::uint32_t* keys;    ///< In a panel [kBlockPositions / kLanes][key words][kLanes].
  std::uint32_t* values;  ///< In a panel [groups][kBlockPositions / 2][kGroup].
};

/// The group of elements from i on of kLanes vectors, the last group perhaps cut short.
template <bool whole, bool as_keys, bool as_values, class T>
HWY_INLINE void round_group(const T* const* rows, const float* factors, std::int64_t i, std::int64_t size,
                            const PanelPlace& to) {
  const auto get = [&](const T* row, std::int64_t at) HWY_ATTR {
    if constexpr (whole) return load(row + at);
    return load_before(row, at, size);
  };
  WordVec key[kLanes];
  std::uint32_t* values = to.values + i * (kBlockPositions / 2);
  HADAL_UNROLL
  for (int r = 0; r < kLanes; r += 2) {
    const FloatVec even = hn::Set(Float(), factors[r]), odd = hn::Set(Float(), factors[r + 1]);
    const WordVec a0 = code(get(rows[r], i), even), a1 = code(get(rows[r], i + kLanes), even);
    const WordVec b0 = code(get(rows[r + 1], i), odd), b1 = code(get(rows[r + 1], i + kLanes), odd);
    if constexpr (as_keys) {
      key[r] = pair(a0, a1);
      key[r + 1] = pair(b0, b1);
    }
    if constexpr (as_values) {
      hn::StoreU(pair(a0, b0), Words(), values + r / 2 * kGroup);
      hn::StoreU(pair(a1, b1), Words(), values + r / 2 * kGroup + kLanes);
    }
  }
  if constexpr (as_keys) {
    transpose(key);
    HADAL_UNROLL
    for (int r = 0; r < kLanes; ++r) hn::StoreU(key[r], Words(), to.keys + (i / 2 + r) * kLanes);
  }
}

/// Rounds vectors as keys, as values or as both. A key panel is [kBlockPositions / kLanes][words][kLanes]: a word of
/// neighbouring positions side by side. A value panel is [words / kLanes][kBlockPositions / 2][kGroup]: an element of
/// two neighbouring positions in a word. `rows` are kBlockPositions pointers, of which those from `count` on have to be
/// readable; whole groups of kLanes positions are rounded.
template <bool as_keys, bool as_values, class T>
void round_rows(const T* const* rows, int count, std::int64_t size, std::uint32_t* keys, std::int64_t key_words,
                std::uint32_t* values, float* scales) {
  float factors[kLanes];
  for (std::int64_t first = 0; first < count; first += kLanes) {
    for (std::int64_t j = 0; j < kLanes; j += 4) measure(rows + first + j, size, factors + j, scales + first + j);
    const PanelPlace to{keys + first * key_words, values + first / 2 * kGroup};
    std::int64_t i = 0;
    for (; i + kGroup <= size; i += kGroup) round_group<true, as_keys, as_values>(rows + first, factors, i, size, to);
    if (i < size) round_group<false, as_keys, as_values>(rows + first, factors, i, size, to);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
