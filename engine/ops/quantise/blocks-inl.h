// Blocks of 32 elements. Included once per target by cpu.cpp.
#if defined(HADAL_OPS_QUANTISE_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_QUANTISE_BLOCKS_INL_H_
#undef HADAL_OPS_QUANTISE_BLOCKS_INL_H_
#else
#define HADAL_OPS_QUANTISE_BLOCKS_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "ops/quantise/search-inl.h"
#include "tensor/half.h"
#include "tensor/pack.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

inline bool is_finite(std::uint16_t half) {
  return (half & 0x7C00U) != 0x7C00U;
}

/// The half next to `value`, but not zero where `value` is not: a block of tiny weights keeps something.
inline std::uint16_t nonzero_half(float value) {
  const std::uint16_t half = float_to_half(value);
  return static_cast<std::uint16_t>((half & 0x7FFFU) == 0 && value != 0.0F ? half | 1U : half);
}

/// x = scale * level. Of the scale found and the one that plain rounding takes, the better once both are halves.
template <class Block, class Levels, int plain_reach>
struct ScaledBlock {
  static constexpr int kElements = 32;

  static bool encode(const float* x, const float* importance, std::byte* out) {
    Group<32> group;
    group.load(x, importance);
    const std::uint16_t candidates[] = {nonzero_half(search_scale<Levels>(group)),
                                        nonzero_half(group.farthest() / plain_reach)};
    Block block;
    float least = HUGE_VALF;
    for (const std::uint16_t half : candidates) {
      const float error = is_finite(half) ? error_of<Levels>(group, half_to_float(half), 0.0F) : HUGE_VALF;
      if (error < least) least = error, block.scale = half;
    }
    if (!(least < HUGE_VALF)) return false;
    std::uint8_t codes[32];
    write_codes<Levels>(group, half_to_float(block.scale), 0.0F, codes);
    pack_codes(codes, block);
    std::memcpy(out, &block, sizeof block);
    return true;
  }
};

/// x = scale * level + minimum, likewise.
template <class Block, class Levels>
struct LineBlock {
  static constexpr int kElements = 32;

  static bool encode(const float* x, const float* importance, std::byte* out) {
    Group<32> group;
    group.load(x, importance);
    const Line candidates[] = {search_line<Levels>(group, false),
                               {(group.highest - group.lowest) / Levels::kHighest, group.lowest}};
    Block block;
    float least = HUGE_VALF;
    for (const Line& line : candidates) {
      const std::uint16_t scale = nonzero_half(line.scale), minimum = float_to_half(line.minimum);
      if (!is_finite(scale) || !is_finite(minimum)) continue;
      const float error = error_of<Levels>(group, half_to_float(scale), half_to_float(minimum));
      if (error < least) least = error, block.scale = scale, block.minimum = minimum;
    }
    if (!(least < HUGE_VALF)) return false;
    std::uint8_t codes[32];
    write_codes<Levels>(group, half_to_float(block.scale), half_to_float(block.minimum), codes);
    pack_codes(codes, block);
    std::memcpy(out, &block, sizeof block);
    return true;
  }
};

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
