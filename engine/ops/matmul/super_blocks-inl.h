// Readers of weight rows whose blocks hold 256 elements in groups with integer scales. Included once per target by
// cpu.cpp.
#if defined(HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#undef HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#else
#define HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "ops/matmul/weights-inl.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

/// Bytes before the super-block of 256 elements that holds a group of 32.
template <class Block>
HWY_INLINE std::int64_t super_offset(std::int64_t group) {
  return group / 8 * static_cast<std::int64_t>(sizeof(Block));
}

/// Four binary16 values at the end of a block: what is before them may be anything, and nothing past it is touched.
template <class Block>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> last_halves(const std::byte* block) {
  return halves(block + sizeof(Block) - 8);
}

/// The same two bits of 32 bytes.
HWY_INLINE IntVec two_bits(const std::byte* bytes, int vec, int shift) {
  return hn::And(hn::ShiftRightSame(widen<std::uint8_t>(bytes + vec * kLanes), shift), hn::Set(Int(), 3));
}

/// The bit `index` of 32 bytes, as `value` or 0.
HWY_INLINE IntVec one_bit(const std::byte* bytes, int vec, int index, int value) {
  const auto set = hn::TestBit(widen<std::uint8_t>(bytes + vec * kLanes), hn::Set(Int(), 1 << index));
  return hn::IfThenElseZero(set, hn::Set(Int(), value));
}

HWY_INLINE IntVec four_bits(const std::byte* bytes, int vec, int shift) {
  return hn::And(hn::ShiftRightSame(widen<std::uint8_t>(bytes + vec * kLanes), shift), hn::Set(Int(), 15));
}

/// x = scale * code + minimum in a group of Q4_K or Q5_K, which begin alike.
struct GroupLine {
  float scale, minimum;
};

HWY_INLINE GroupLine group_scale(const std::byte* block, int group) {
  std::uint8_t scales[12];
  std::memcpy(scales, block + offsetof(BlockQ4_K, scales), sizeof scales);
  const GroupScale packed = packed_scale(scales, group);
  const auto header = halves(block);
  return {hn::GetLane(header) * static_cast<float>(packed.scale),
          -hn::ExtractLane(header, 1) * static_cast<float>(packed.minimum)};
}

struct Q2_KRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockQ2_K>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int half = static_cast<int>(group % 8 / 4), quarter = static_cast<int>(group % 4);
    const auto header = last_halves<BlockQ2_K>(block);
    const float scale = hn::ExtractLane(header, 2), minimum = hn::ExtractLane(header, 3);
    const std::byte* scales = block + offsetof(BlockQ2_K, scales) + 8 * half + 2 * quarter;
    const std::byte* codes = block + offsetof(BlockQ2_K, codes) + 32 * half;
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const int s = std::to_integer<int>(scales[i * kLanes / 16]);
      const Line values(scale * static_cast<float>(s & 15), -minimum * static_cast<float>(s >> 4));
      w[i] = values(two_bits(codes, i, 2 * quarter));
    }
  }
};

struct Q3_KRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockQ3_K>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int in_block = static_cast<int>(group % 8), half = in_block / 4, quarter = in_block % 4;
    const float scale = hn::ExtractLane(last_halves<BlockQ3_K>(block), 3);
    std::uint8_t scales[12];
    std::memcpy(scales, block + offsetof(BlockQ3_K, scales), sizeof scales);
    const std::byte* codes = block + offsetof(BlockQ3_K, codes) + 32 * half;
    const std::byte* high = block + offsetof(BlockQ3_K, high);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const float s = scale * static_cast<float>(packed_scale_q3(scales, 2 * in_block + i * kLanes / 16));
      w[i] = Line(s, -4.0F * s)(hn::Or(two_bits(codes, i, 2 * quarter), one_bit(high, i, in_block, 4)));
    }
  }
};

struct Q4_KRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockQ4_K>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int in_block = static_cast<int>(group % 8);
    const auto [scale, minimum] = group_scale(block, in_block);
    const NibbleLine values(scale, minimum);
    const std::byte* nibbles = block + offsetof(BlockQ4_K, nibbles) + 32 * (in_block / 2);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) w[i] = values(four_bits(nibbles, i, 4 * (in_block % 2)));
  }
};

struct Q5_KRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockQ5_K>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int in_block = static_cast<int>(group % 8);
    const auto [scale, minimum] = group_scale(block, in_block);
    const Line values(scale, minimum);
    const std::byte* nibbles = block + offsetof(BlockQ5_K, nibbles) + 32 * (in_block / 2);
    const std::byte* high = block + offsetof(BlockQ5_K, high);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      w[i] = values(hn::Or(four_bits(nibbles, i, 4 * (in_block % 2)), one_bit(high, i, in_block, 16)));
    }
  }
};

struct Q6_KRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockQ6_K>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int half = static_cast<int>(group % 8 / 4), quarter = static_cast<int>(group % 4);
    const std::byte* low = block + offsetof(BlockQ6_K, low) + 64 * half + 32 * (quarter % 2);
    const std::byte* high = block + offsetof(BlockQ6_K, high) + 32 * half;
    const float scale = hn::ExtractLane(last_halves<BlockQ6_K>(block), 3);
    std::int8_t scales[2];
    std::memcpy(scales, block + offsetof(BlockQ6_K, scales) + 8 * half + 2 * quarter, sizeof scales);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const auto code = hn::Or(four_bits(low, i, 4 * (quarter / 2)), hn::ShiftLeft<4>(two_bits(high, i, 2 * quarter)));
      const float s = scale * static_cast<float>(scales[i * kLanes / 16]);
      w[i] = Line(s, -32.0F * s)(code);
    }
  }
};

struct IQ4_XSRow {
  static HWY_INLINE std::int64_t offset(std::int64_t group) { return super_offset<BlockIQ4_XS>(group); }
  static HWY_INLINE void load(const std::byte* row, std::int64_t group, FloatVec* w) {
    const std::byte* block = row + offset(group);
    const int in_block = static_cast<int>(group % 8);
    std::uint16_t scales_high;
    std::uint8_t scales_low[4];
    std::memcpy(&scales_high, block + offsetof(BlockIQ4_XS, scales_high), sizeof scales_high);
    std::memcpy(scales_low, block + offsetof(BlockIQ4_XS, scales_low), sizeof scales_low);
    const float scale = static_cast<float>(packed_scale_iq4(scales_high, scales_low, in_block));
    load_nibbles(block + offsetof(BlockIQ4_XS, nibbles) + 16 * in_block, Iq4Values(hn::GetLane(halves(block)) * scale),
                 w);
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
