// Readers of weight rows: 32 consecutive elements as float32 vectors. The super-blocks of 256 are in
// super_blocks-inl.h. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_MATMUL_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#undef HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#else
#define HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Float>;
using Int = hn::RebindToSigned<Float>;
using IntVec = hn::Vec<Int>;
inline constexpr int kLanes = HWY_MAX_LANES_D(Float);
inline constexpr int kGroup = 32;                   ///< Elements a reader delivers at once.
inline constexpr int kGroupVecs = kGroup / kLanes;  ///< 8 (SSE2), 4 (AVX2) or 2 (AVX-512).

/// Asks for what is read soon: rows are too short for the processor to see where their streams go on.
template <std::int64_t bytes>
HWY_INLINE void prefetch(const std::byte* at) {
  HADAL_UNROLL
  for (std::int64_t i = 0; i < bytes; i += 64) hwy::Prefetch(at + i);
}

/// Four consecutive binary16 values; `from` must have 8 readable bytes.
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> halves(const std::byte* from) {
  const hn::FixedTag<float, 4> d4;
  const hn::Rebind<hwy::float16_t, decltype(d4)> d16;
  return hn::PromoteTo(d4, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// kLanes bytes, signed or not, widened to int32.
template <class Byte>
HWY_INLINE IntVec widen(const std::byte* from) {
  const hn::Rebind<Byte, Float> db;
  return hn::PromoteTo(Int(), hn::LoadU(db, reinterpret_cast<const Byte*>(from)));
}

/// Codes to weights: scale * code + minimum.
struct Line {
  FloatVec scale, minimum;

  HWY_INLINE Line(float s, float m) : scale(hn::Set(Float(), s)), minimum(hn::Set(Float(), m)) {}
  HWY_INLINE FloatVec operator()(IntVec codes) const {
    return hn::MulAdd(hn::ConvertTo(Float(), codes), scale, minimum);
  }
};

/// The same for codes 0..15. With AVX-512 one register holds all the values a group can take: looking them up replaces
/// a conversion and an FMA each.
#if HWY_TARGET <= HWY_AVX3
struct NibbleLine {
  FloatVec values;

  HWY_INLINE NibbleLine(float s, float m)
      : values(hn::MulAdd(hn::ConvertTo(Float(), hn::Iota(Int(), 0)), hn::Set(Float(), s), hn::Set(Float(), m))) {}
  HWY_INLINE FloatVec operator()(IntVec codes) const {
    return hn::TableLookupLanes(values, hn::IndicesFromVec(Float(), codes));
  }
};
#else
using NibbleLine = Line;
#endif

/// Codes 0..15 to weights: scale * kIq4Values[code].
struct Iq4Values {
#if HWY_TARGET <= HWY_AVX3
  FloatVec values;

  HWY_INLINE explicit Iq4Values(float scale)
      : values(hn::Mul(hn::ConvertTo(Float(), widen<std::int8_t>(reinterpret_cast<const std::byte*>(kIq4Values))),
                       hn::Set(Float(), scale))) {}
  HWY_INLINE FloatVec operator()(IntVec codes) const {
    return hn::TableLookupLanes(values, hn::IndicesFromVec(Float(), codes));
  }
#else
  FloatVec scale;

  HWY_INLINE explicit Iq4Values(float s) : scale(hn::Set(Float(), s)) {}
  HWY_INLINE FloatVec operator()(IntVec codes) const {
    const hn::Repartition<std::int8_t, Float> d8;
    const auto found = hn::TableLookupBytes(hn::LoadDup128(d8, kIq4Values), hn::BitCast(d8, codes));
    // A code's value is in the lowest byte of its lane; the others hold that of code 0.
    const auto wide = hn::ShiftRight<24>(hn::ShiftLeft<24>(hn::BitCast(Int(), found)));
    return hn::Mul(hn::ConvertTo(Float(), wide), scale);
  }
#endif
};

/// A group from 16 bytes: elements 0..15 in the low nibbles, 16..31 in the high ones.
template <class Values>
HWY_INLINE void load_nibbles(const std::byte* nibbles, const Values& values, FloatVec* w) {
  constexpr int kHalf = kGroupVecs / 2;
  HADAL_UNROLL
  for (int i = 0; i < kHalf; ++i) {
    const auto bytes = widen<std::uint8_t>(nibbles + i * kLanes);
    w[i] = values(hn::And(bytes, hn::Set(Int(), 15)));
    w[i + kHalf] = values(hn::ShiftRight<4>(bytes));
  }
}

/// The same with a fifth bit per element in the 4 bytes at `high`, which come before the nibbles.
HWY_INLINE void load_nibbles_and_bits(const std::byte* nibbles, const std::byte* high, const Line& values,
                                      FloatVec* w) {
  const hn::FixedTag<std::uint8_t, 16> d16;
  const auto fifth = [&](int half) HWY_ATTR {
    const auto set = hn::LoadMaskBits(d16, reinterpret_cast<const std::uint8_t*>(high) + 2 * half);
    return hn::IfThenElseZero(set, hn::Set(d16, 16));
  };
  const auto bytes = hn::LoadU(d16, reinterpret_cast<const std::uint8_t*>(nibbles));
  alignas(16) std::uint8_t codes[kGroup];
  hn::Store(hn::Or(hn::And(bytes, hn::Set(d16, 15)), fifth(0)), d16, codes);
  hn::Store(hn::Or(hn::ShiftRight<4>(bytes), fifth(1)), d16, codes + 16);
  const auto* from = reinterpret_cast<const std::byte*>(codes);
  HADAL_UNROLL
  for (int i = 0; i < kGroupVecs; ++i) w[i] = values(widen<std::uint8_t>(from + i * kLanes));
}

// A reader of a type opens one block after another and delivers its groups of 32 elements:
//   kGroups     groups in a block
//   kBytes      from a block to the next
//   open(at)    does what is done once per block
//   load(g, w)  gives the weights of group g
// A group of an unquantised type counts as a block.

/// Of blocks that hold one group: nothing is worth doing ahead.
template <std::size_t bytes>
struct GroupRow {
  static constexpr int kGroups = 1;
  static constexpr std::int64_t kBytes = bytes;
  const std::byte* block;

  HWY_INLINE void open(const std::byte* at) { block = at; }
};

struct F32Row : GroupRow<kGroup * sizeof(float)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const auto* from = reinterpret_cast<const float*>(block);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) w[i] = hn::LoadU(Float(), from + i * kLanes);
  }
};

/// F16 and BF16, read as bytes: behind a safetensors header of odd length weights lie at odd addresses, where there may
/// be no pointer to a hwy::float16_t.
template <class Half>
struct HalfRow : GroupRow<kGroup * sizeof(Half)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const hn::Rebind<Half, Float> d16;
    const hn::Repartition<std::uint8_t, decltype(d16)> d8;
    const auto* from = reinterpret_cast<const std::uint8_t*>(this->block);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      w[i] = hn::PromoteTo(Float(), hn::BitCast(d16, hn::LoadU(d8, from + i * kLanes * 2)));
    }
  }
};

/// 8-bit floats, shifted into the place of binary16's: 256 times too small, since the exponents count from 7 and 15.
struct F8Row : GroupRow<kGroup> {
  float scale;  ///< Of the weights' block; set once the block is open.

  HWY_INLINE void load(int, FloatVec* w) const {
    const hn::Rebind<std::uint8_t, Float> d8;
    const hn::Rebind<std::uint16_t, Float> d16;
    const hn::Rebind<hwy::float16_t, Float> df16;
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const auto code = hn::PromoteTo(d16, hn::LoadU(d8, codes() + i * kLanes));
      const auto sign = hn::ShiftLeft<8>(hn::And(code, hn::Set(d16, 0x80)));
      const auto rest = hn::ShiftLeft<7>(hn::And(code, hn::Set(d16, 0x7F)));
      w[i] = hn::PromoteTo(Float(), hn::BitCast(df16, hn::Or(sign, rest)));
    }
    if (HWY_UNLIKELY(holds_nan())) restore_nan(w);
    const auto factor = hn::Set(Float(), scale * 256.0F);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) w[i] = hn::Mul(w[i], factor);
  }

 private:
  const std::uint8_t* codes() const { return reinterpret_cast<const std::uint8_t*>(block); }

  /// One look at the whole group instead of one at each weight: no published weights have the two codes of NaN. Loading
  /// looks for none, since that would mean to read every weight; what is computed with one is NaN, and no answer.
  HWY_INLINE bool holds_nan() const {
    const hn::CappedTag<std::uint8_t, kGroup> d;
    bool found = false;
    for (std::size_t i = 0; i < kGroup; i += hn::Lanes(d)) {
      const auto code = hn::Or(hn::LoadU(d, codes() + i), hn::Set(d, 0x80));
      found = found || !hn::AllFalse(d, hn::Eq(code, hn::Set(d, 0xFF)));
    }
    return found;
  }
  /// The codes of NaN have come out as 480 / 256, above all others, which end at 448 / 256.
  static HWY_INLINE void restore_nan(FloatVec* w) {
    const auto nan = hn::Set(Float(), std::numeric_limits<float>::quiet_NaN());
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      w[i] = hn::IfThenElse(hn::Gt(hn::Abs(w[i]), hn::Set(Float(), 464.0F / 256.0F)), nan, w[i]);
    }
  }
};

struct Q4_0Row : GroupRow<sizeof(BlockQ4_0)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const float scale = hn::GetLane(halves(block));
    load_nibbles(block + offsetof(BlockQ4_0, nibbles), NibbleLine(scale, -8.0F * scale), w);
  }
};

struct Q4_1Row : GroupRow<sizeof(BlockQ4_1)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const auto header = halves(block);
    const NibbleLine values(hn::GetLane(header), hn::ExtractLane(header, 1));
    load_nibbles(block + offsetof(BlockQ4_1, nibbles), values, w);
  }
};

struct Q5_0Row : GroupRow<sizeof(BlockQ5_0)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const float scale = hn::GetLane(halves(block));
    load_nibbles_and_bits(block + offsetof(BlockQ5_0, nibbles), block + offsetof(BlockQ5_0, high),
                          Line(scale, -16.0F * scale), w);
  }
};

struct Q5_1Row : GroupRow<sizeof(BlockQ5_1)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const auto header = halves(block);
    load_nibbles_and_bits(block + offsetof(BlockQ5_1, nibbles), block + offsetof(BlockQ5_1, high),
                          Line(hn::GetLane(header), hn::ExtractLane(header, 1)), w);
  }
};

struct Q8_0Row : GroupRow<sizeof(BlockQ8_0)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    const auto scale = hn::Set(Float(), hn::GetLane(halves(block)));
    const std::byte* values = block + offsetof(BlockQ8_0, values);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      w[i] = hn::Mul(hn::ConvertTo(Float(), widen<std::int8_t>(values + i * kLanes)), scale);
    }
  }
};

struct IQ4_NLRow : GroupRow<sizeof(BlockIQ4_NL)> {
  HWY_INLINE void load(int, FloatVec* w) const {
    load_nibbles(block + offsetof(BlockIQ4_NL, nibbles), Iq4Values(hn::GetLane(halves(block))), w);
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
