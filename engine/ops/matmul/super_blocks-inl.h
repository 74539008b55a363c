// Readers of weight rows whose blocks hold 256 elements in groups with integer scales. Included once per target by
// cpu.cpp.
#if defined(HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#undef HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#else
#define HADAL_OPS_MATMUL_SUPER_BLOCKS_INL_H_
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "ops/matmul/weights-inl.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

// A block is unpacked once, to codes of a byte each with a scale and a minimum per 16: on bytes this takes a quarter of
// the instructions that it takes on 32-bit lanes, and from there on all these types are alike.

using Bytes = hn::CappedTag<std::uint8_t, kGroup>;
using ByteVec = hn::Vec<Bytes>;
inline constexpr int kByteLanes = HWY_MAX_LANES_D(Bytes);  ///< 32, or 16 with SSE2

HWY_INLINE ByteVec load_bytes(const std::byte* from) {
  return hn::LoadU(Bytes(), reinterpret_cast<const std::uint8_t*>(from));
}

/// (byte >> shift) & mask; the bits that come from a neighbour are masked away.
HWY_INLINE ByteVec bits_of(ByteVec bytes, int shift, std::uint8_t mask) {
  const hn::Repartition<std::uint16_t, Bytes> d16;
  const auto shifted = hn::BitCast(Bytes(), hn::ShiftRightSame(hn::BitCast(d16, bytes), shift));
  return hn::And(shifted, hn::Set(Bytes(), mask));
}

/// `value` where the bit is set, else 0.
HWY_INLINE ByteVec bit_of(ByteVec bytes, int index, std::uint8_t value) {
  const auto set = hn::TestBit(bytes, hn::Set(Bytes(), static_cast<std::uint8_t>(1 << index)));
  return hn::IfThenElseZero(set, hn::Set(Bytes(), value));
}

/// Four binary16 values at the end of a block: what is before them may be anything, and nothing past it is touched.
template <class Block>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> last_halves(const std::byte* block) {
  return halves(block + sizeof(Block) - 8);
}

/// In one piece: a load that spans several stores would have to wait for them.
HWY_INLINE void store_words(const std::array<std::uint32_t, 4>& words, std::uint8_t* out) {
  const hn::FixedTag<std::uint32_t, 4> d;
  hn::Store(hn::Dup128VecFromValues(d, words[0], words[1], words[2], words[3]), d,
            reinterpret_cast<std::uint32_t*>(out));
}

/// out[i] = (codes[i] + offset) * factor
template <class Byte>
HWY_INLINE void unpack_scales(const Byte* codes, int offset, float factor, float (&out)[16]) {
  HADAL_UNROLL
  for (int i = 0; i < 16; i += kLanes) {
    const auto code = hn::Add(widen<Byte>(reinterpret_cast<const std::byte*>(codes + i)), hn::Set(Int(), offset));
    hn::Store(hn::Mul(hn::ConvertTo(Float(), code), hn::Set(Float(), factor)), Float(), out + i);
  }
}

/// Weight i of a block is scales[i / 16] * codes[i] + minima[i / 16].
struct SuperBlock {
  static constexpr int kGroups = 8;
  alignas(64) std::uint8_t codes[8 * kGroup];
  alignas(64) float scales[16];
  alignas(64) float minima[16];

  HWY_INLINE void load(int group, FloatVec* w) const {
    const auto* from = reinterpret_cast<const std::byte*>(codes + group * kGroup);
    HADAL_UNROLL
    for (int i = 0; i < kGroupVecs; ++i) {
      const int s = 2 * group + i * kLanes / 16;
      w[i] = Line(scales[s], minima[s])(widen<std::uint8_t>(from + i * kLanes));
    }
  }

 protected:
  HWY_INLINE void store(int group, int at, ByteVec bytes) { hn::Store(bytes, Bytes(), codes + group * kGroup + at); }
  /// For codes that count from -zero.
  HWY_INLINE void minima_from_scales(float zero) {
    HADAL_UNROLL
    for (int i = 0; i < 16; i += kLanes) {
      hn::Store(hn::Mul(hn::Load(Float(), scales + i), hn::Set(Float(), -zero)), Float(), minima + i);
    }
  }
};

struct Q2_KRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockQ2_K);

  HWY_INLINE void open(const std::byte* block) {
    const hn::FixedTag<std::uint8_t, 16> d16;
    const auto packed = hn::LoadU(d16, reinterpret_cast<const std::uint8_t*>(block) + offsetof(BlockQ2_K, scales));
    alignas(16) std::uint8_t low[16], high[16];
    hn::Store(hn::And(packed, hn::Set(d16, 15)), d16, low);
    hn::Store(hn::ShiftRight<4>(packed), d16, high);
    const auto header = last_halves<BlockQ2_K>(block);
    unpack_scales(low, 0, hn::ExtractLane(header, 2), scales);
    unpack_scales(high, 0, -hn::ExtractLane(header, 3), minima);
    for (int i = 0; i < kGroup; i += kByteLanes) {
      HADAL_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        const auto bytes = load_bytes(block + offsetof(BlockQ2_K, codes) + 32 * (group / 4) + i);
        store(group, i, bits_of(bytes, 2 * (group % 4), 3));
      }
    }
  }
};

struct Q3_KRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockQ3_K);

  HWY_INLINE void open(const std::byte* block) {
    std::uint8_t packed[12];
    alignas(16) std::uint8_t unpacked[16];
    std::memcpy(packed, block + offsetof(BlockQ3_K, scales), sizeof packed);
    store_words(unpack_scales_q3(packed), unpacked);
    unpack_scales(unpacked, -32, hn::ExtractLane(last_halves<BlockQ3_K>(block), 3), scales);
    minima_from_scales(4);
    for (int i = 0; i < kGroup; i += kByteLanes) {
      const auto high = load_bytes(block + offsetof(BlockQ3_K, high) + i);
      HADAL_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        const auto low = load_bytes(block + offsetof(BlockQ3_K, codes) + 32 * (group / 4) + i);
        store(group, i, hn::Or(bits_of(low, 2 * (group % 4), 3), bit_of(high, group, 4)));
      }
    }
  }
};

/// Q4_K and Q5_K.
template <class Block>
HWY_INLINE void unpack_two_scales(const std::byte* block, float (&scales)[16], float (&minima)[16]) {
  std::uint8_t packed[12];
  alignas(16) std::uint8_t unpacked[16];
  std::memcpy(packed, block + offsetof(Block, scales), sizeof packed);
  store_words(unpack_scales_q4(packed), unpacked);
  const hn::FixedTag<std::uint8_t, 16> d16;
  const auto both = hn::Load(d16, unpacked);
  // Every group of 32 is two of 16.
  alignas(16) std::uint8_t doubled[2][16];
  hn::Store(hn::InterleaveLower(d16, both, both), d16, doubled[0]);
  hn::Store(hn::InterleaveUpper(d16, both, both), d16, doubled[1]);
  const auto header = halves(block);
  unpack_scales(doubled[0], 0, hn::GetLane(header), scales);
  unpack_scales(doubled[1], 0, -hn::ExtractLane(header, 1), minima);
}

struct Q4_KRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockQ4_K);

  HWY_INLINE void open(const std::byte* block) {
    unpack_two_scales<BlockQ4_K>(block, scales, minima);
    for (int i = 0; i < kGroup; i += kByteLanes) {
      HADAL_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        const auto bytes = load_bytes(block + offsetof(BlockQ4_K, nibbles) + 32 * (group / 2) + i);
        store(group, i, bits_of(bytes, 4 * (group % 2), 15));
      }
    }
  }
};

struct Q5_KRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockQ5_K);

  HWY_INLINE void open(const std::byte* block) {
    unpack_two_scales<BlockQ5_K>(block, scales, minima);
    for (int i = 0; i < kGroup; i += kByteLanes) {
      const auto high = load_bytes(block + offsetof(BlockQ5_K, high) + i);
      HADAL_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        const auto bytes = load_bytes(block + offsetof(BlockQ5_K, nibbles) + 32 * (group / 2) + i);
        store(group, i, hn::Or(bits_of(bytes, 4 * (group % 2), 15), bit_of(high, group, 16)));
      }
    }
  }
};

struct Q6_KRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockQ6_K);

  HWY_INLINE void open(const std::byte* block) {
    const auto* packed = reinterpret_cast<const std::int8_t*>(block) + offsetof(BlockQ6_K, scales);
    unpack_scales(packed, 0, hn::ExtractLane(last_halves<BlockQ6_K>(block), 3), scales);
    minima_from_scales(32);
    for (int i = 0; i < kGroup; i += kByteLanes) {
      HADAL_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        const int half = group / 4, quarter = group % 4;
        const auto low = load_bytes(block + offsetof(BlockQ6_K, low) + 64 * half + 32 * (quarter % 2) + i);
        const auto high = load_bytes(block + offsetof(BlockQ6_K, high) + 32 * half + i);
        const auto upper = hn::ShiftLeft<4>(bits_of(high, 2 * quarter, 3));
        store(group, i, hn::Or(bits_of(low, 4 * (quarter / 2), 15), upper));
      }
    }
  }
};

struct IQ4_XSRow : SuperBlock {
  static constexpr std::int64_t kBytes = sizeof(BlockIQ4_XS);

  HWY_INLINE void open(const std::byte* block) {
    std::uint16_t high;
    std::int32_t low;
    std::memcpy(&high, block + offsetof(BlockIQ4_XS, scales_high), sizeof high);
    std::memcpy(&low, block + offsetof(BlockIQ4_XS, scales_low), sizeof low);
    const auto scale = hn::Set(Float(), hn::GetLane(halves(block)));
    HADAL_UNROLL
    for (int i = 0; i < 16; i += kLanes) {
      const auto group = hn::ShiftRight<1>(hn::Iota(Int(), i));
      const auto four = hn::And(hn::Shr(hn::Set(Int(), low), hn::ShiftLeft<2>(group)), hn::Set(Int(), 15));
      const auto two = hn::And(hn::Shr(hn::Set(Int(), high), hn::ShiftLeft<1>(group)), hn::Set(Int(), 3));
      const auto code = hn::Sub(hn::Or(four, hn::ShiftLeft<4>(two)), hn::Set(Int(), 32));
      hn::Store(hn::Mul(hn::ConvertTo(Float(), code), scale), Float(), scales + i);
    }
    minima_from_scales(128);
    // The table's values, as codes that count from -128.
    const hn::FixedTag<std::uint8_t, 16> d16;
    const auto table = hn::Xor(hn::LoadU(d16, reinterpret_cast<const std::uint8_t*>(kIq4Values)), hn::Set(d16, 128));
    HADAL_UNROLL
    for (int group = 0; group < kGroups; ++group) {
      const auto* nibbles = reinterpret_cast<const std::uint8_t*>(block) + offsetof(BlockIQ4_XS, nibbles) + 16 * group;
      const auto bytes = hn::LoadU(d16, nibbles);
      const auto first = hn::TableLookupBytes(table, hn::And(bytes, hn::Set(d16, 15)));
      const auto second = hn::TableLookupBytes(table, hn::ShiftRight<4>(bytes));
      hn::Store(first, d16, codes + group * kGroup);
      hn::Store(second, d16, codes + group * kGroup + 16);
    }
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
