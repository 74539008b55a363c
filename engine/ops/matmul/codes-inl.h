// Readers of quantised rows as unsigned codes of a byte each. Included once per target by quantised.cpp.
#if defined(HADAL_OPS_MATMUL_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_CODES_INL_H_
#undef HADAL_OPS_MATMUL_CODES_INL_H_
#else
#define HADAL_OPS_MATMUL_CODES_INL_H_
#endif

#include "hwy/highway.h"
#include "ops/matmul/super_blocks-inl.h"
#include "tensor/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

// A reader opens one block after another and delivers its groups of 32 elements:
//   kGroups, kBytes     groups in a block, bytes from a block to the next
//   kHalves             scales of a group
//   kMinima             whether a weight is scale * code + minimum, else scale * (code - bias)
//   open(at)            does what is done once per block
//   codes(g, half)      16 codes
//   scale(g, half), minimum(g, half)

using Codes16 = hn::Vec<hn::FixedTag<std::uint8_t, 16>>;

HWY_INLINE Codes16 load16(const std::byte* from) {
  return hn::LoadU(hn::FixedTag<std::uint8_t, 16>(), reinterpret_cast<const std::uint8_t*>(from));
}

HWY_INLINE Codes16 nibbles16(const std::byte* from, int half) {
  const hn::FixedTag<std::uint8_t, 16> d;
  const auto bytes = load16(from);
  return half == 0 ? hn::And(bytes, hn::Set(d, 15)) : hn::ShiftRight<4>(bytes);
}

template <class Block, bool minima>
struct BlockCodes {
  static constexpr int kGroups = 1, kHalves = 1;
  static constexpr std::int64_t kBytes = sizeof(Block);
  static constexpr bool kMinima = minima;
  const std::byte* block;
  hn::Vec<hn::FixedTag<float, 4>> header;

  HWY_INLINE void open(const std::byte* at) {
    block = at;
    header = halves(at);
  }
  HWY_INLINE float scale(int, int) const { return hn::GetLane(header); }
  HWY_INLINE float minimum(int, int) const { return hn::ExtractLane(header, 1); }
};

template <class Block, bool minima>
struct NibbleCodes : BlockCodes<Block, minima> {
  HWY_INLINE Codes16 codes(int, int half) const { return nibbles16(this->block + offsetof(Block, nibbles), half); }
};
using Q4_0Codes = NibbleCodes<BlockQ4_0, false>;
using Q4_1Codes = NibbleCodes<BlockQ4_1, true>;

template <class Block, bool minima>
struct FiveBitCodes : BlockCodes<Block, minima> {
  HWY_INLINE Codes16 codes(int, int half) const {
    const hn::FixedTag<std::uint8_t, 16> d;
    const auto* high = reinterpret_cast<const std::uint8_t*>(this->block) + offsetof(Block, high);
    const auto fifth = hn::IfThenElseZero(hn::LoadMaskBits(d, high + 2 * half), hn::Set(d, 16));
    return hn::Or(nibbles16(this->block + offsetof(Block, nibbles), half), fifth);
  }
};
using Q5_0Codes = FiveBitCodes<BlockQ5_0, false>;
using Q5_1Codes = FiveBitCodes<BlockQ5_1, true>;

struct Q8_0Codes : BlockCodes<BlockQ8_0, false> {
  HWY_INLINE Codes16 codes(int, int half) const {
    const auto values = load16(block + offsetof(BlockQ8_0, values) + 16 * half);
    return hn::Xor(values, hn::Set(hn::FixedTag<std::uint8_t, 16>(), 128));
  }
};

struct IQ4_NLCodes : BlockCodes<BlockIQ4_NL, false> {
  HWY_INLINE Codes16 codes(int, int half) const {
    const hn::FixedTag<std::uint8_t, 16> d;
    const auto table = hn::Xor(load16(reinterpret_cast<const std::byte*>(kIq4Values)), hn::Set(d, 128));
    return hn::TableLookupBytes(table, nibbles16(block + offsetof(BlockIQ4_NL, nibbles), half));
  }
};

template <class Row, int halves, bool with_minima>
struct SuperBlockCodes : Row {
  static constexpr int kHalves = halves;
  static constexpr bool kMinima = with_minima;

  HWY_INLINE Codes16 codes(int group, int half) const {
    return load16(reinterpret_cast<const std::byte*>(Row::SuperBlock::codes + group * kGroup + 16 * half));
  }
  HWY_INLINE float scale(int group, int half) const { return this->scales[2 * group + half]; }
  HWY_INLINE float minimum(int group, int half) const { return this->minima[2 * group + half]; }
};
using Q2_KCodes = SuperBlockCodes<Q2_KRow, 2, true>;
using Q3_KCodes = SuperBlockCodes<Q3_KRow, 2, false>;
using Q4_KCodes = SuperBlockCodes<Q4_KRow, 1, true>;
using Q5_KCodes = SuperBlockCodes<Q5_KRow, 1, true>;
using Q6_KCodes = SuperBlockCodes<Q6_KRow, 2, false>;
using IQ4_XSCodes = SuperBlockCodes<IQ4_XSRow, 1, false>;

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
