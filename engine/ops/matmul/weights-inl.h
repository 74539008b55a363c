// Readers of weight rows: 32 consecutive elements as float32 vectors. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_MATMUL_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#undef HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#else
#define HADAL_OPS_MATMUL_WEIGHTS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Float>;
inline constexpr int kLanes = HWY_MAX_LANES_D(Float);
inline constexpr int kGroup = 32;                   ///< Elements a reader delivers at once.
inline constexpr int kGroupVecs = kGroup / kLanes;  ///< 8 (SSE2), 4 (AVX2) or 2 (AVX-512).

/// Four consecutive binary16 values; `from` must have 8 readable bytes.
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> halves(const std::byte* from) {
  const hn::FixedTag<float, 4> d4;
  const hn::Rebind<hwy::float16_t, decltype(d4)> d16;
  return hn::PromoteTo(d4, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// kLanes bytes, signed or not, widened to int32.
template <class Byte>
HWY_INLINE hn::Vec<hn::RebindToSigned<Float>> widen(const std::byte* from) {
  const hn::RebindToSigned<Float> di;
  const hn::Rebind<Byte, Float> db;
  return hn::PromoteTo(di, hn::LoadU(db, reinterpret_cast<const Byte*>(from)));
}

struct F32Row {
  /// Bytes before a group.
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return group * kGroup * 4; }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const float* from = reinterpret_cast<const float*>(row) + group * kGroup;
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) w[i] = hn::LoadU(Float(), from + i * kLanes);
  }
};

struct F16Row {
  /// Bytes before a group.
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return group * kGroup * 2; }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const hn::Rebind<hwy::float16_t, Float> d16;
    const auto* from = reinterpret_cast<const hwy::float16_t*>(row) + group * kGroup;
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) w[i] = hn::PromoteTo(Float(), hn::LoadU(d16, from + i * kLanes));
  }
};

struct Q4_1Row {
  /// Bytes before a group.
  static HWY_INLINE std::int64_t offset(std::int64_t group) {
    return group * static_cast<std::int64_t>(sizeof(BlockQ4_1));
  }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const Float d;
    const hn::RebindToSigned<Float> di;
    const std::byte* block = row + offset(group);
    const auto header = halves(block);
    const auto scale = hn::Set(d, hn::GetLane(header));
    const auto minimum = hn::Set(d, hn::ExtractLane(header, 1));
    const std::byte* nibbles = block + offsetof(BlockQ4_1, nibbles);
    const auto mask = hn::Set(di, 15);
#if HWY_TARGET <= HWY_AVX3
    // One register holds all 16 values a block can take: looking them up replaces two conversions and two FMAs.
    const auto values = hn::MulAdd(hn::ConvertTo(d, hn::Iota(di, 0)), scale, minimum);
    const auto bytes = widen<std::uint8_t>(nibbles);
    w[0] = hn::TableLookupLanes(values, hn::IndicesFromVec(d, hn::And(bytes, mask)));
    w[1] = hn::TableLookupLanes(values, hn::IndicesFromVec(d, hn::ShiftRight<4>(bytes)));
#else
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs / 2; ++i) {
      const auto bytes = widen<std::uint8_t>(nibbles + i * kLanes);
      w[i] = hn::MulAdd(hn::ConvertTo(d, hn::And(bytes, mask)), scale, minimum);
      w[i + kGroupVecs / 2] = hn::MulAdd(hn::ConvertTo(d, hn::ShiftRight<4>(bytes)), scale, minimum);
    }
#endif
  }
};

struct Q8_0Row {
  /// Bytes before a group.
  static HWY_INLINE std::int64_t offset(std::int64_t group) {
    return group * static_cast<std::int64_t>(sizeof(BlockQ8_0));
  }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const Float d;
    const std::byte* block = row + offset(group);
    const auto scale = hn::Set(d, hn::GetLane(halves(block)));
    const std::byte* values = block + offsetof(BlockQ8_0, values);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      w[i] = hn::Mul(hn::ConvertTo(d, widen<std::int8_t>(values + i * kLanes)), scale);
    }
  }
};

struct Q6_KRow {
  /// Bytes before a group.
  static HWY_INLINE std::int64_t offset(std::int64_t group) {
    return group * static_cast<std::int64_t>(sizeof(BlockQ6_K)) / 8;
  }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const Float d;
    const hn::RebindToSigned<Float> di;
    const std::byte* block = row + group / 8 * static_cast<std::int64_t>(sizeof(BlockQ6_K));
    const int half = static_cast<int>(group % 8 / 4), quarter = static_cast<int>(group % 4);
    const std::byte* low = block + offsetof(BlockQ6_K, low) + 64 * half + 32 * (quarter % 2);
    const std::byte* high = block + offsetof(BlockQ6_K, high) + 32 * half;
    // The last 8 bytes of the block: its scale is the last half of them, and nothing past the block is touched.
    const float scale = hn::ExtractLane(halves(block + sizeof(BlockQ6_K) - 8), 3);
    std::int8_t scales[2];
    std::memcpy(scales, block + offsetof(BlockQ6_K, scales) + 8 * half + 2 * quarter, sizeof scales);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const auto four =
          hn::And(hn::ShiftRightSame(widen<std::uint8_t>(low + i * kLanes), 4 * (quarter / 2)), hn::Set(di, 15));
      const auto two = hn::And(hn::ShiftRightSame(widen<std::uint8_t>(high + i * kLanes), 2 * quarter), hn::Set(di, 3));
      const auto q = hn::Sub(hn::Or(four, hn::ShiftLeft<4>(two)), hn::Set(di, 32));
      w[i] = hn::Mul(hn::ConvertTo(d, q), hn::Set(d, scale * static_cast<float>(scales[i * kLanes / 16])));
    }
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
