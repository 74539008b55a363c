#include <atomic>
#include <vector>

#include "ops/quantise/quantise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/quantise/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/quantise/search-inl.h"
#include "ops/quantise/blocks-inl.h"
#include "ops/quantise/super_blocks-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

template <class Block>
bool encode_row(const float* x, std::int64_t cols, const float* importance, std::byte* out, std::size_t block_bytes) {
  for (std::int64_t col = 0; col < cols; col += Block::kElements, out += block_bytes) {
    if (!Block::encode(x + col, importance + col, out)) return false;
  }
  return true;
}

template <std::uint16_t (*to_half)(float)>
bool encode_halves(const float* x, std::int64_t cols, std::byte* out) {
  std::uint32_t largest = 0;
  for (std::int64_t col = 0; col < cols; ++col) {
    const std::uint16_t half = to_half(x[col]);
    largest = std::max<std::uint32_t>(largest, half & 0x7FFFU);
    std::memcpy(out + 2 * col, &half, sizeof half);
  }
  // The infinities of binary16 and of bfloat16.
  return largest < (to_half == float_to_half ? 0x7C00U : 0x7F80U);
}

bool all_finite(const float* x, std::int64_t count) {
  // A number that is none keeps its difference from itself from being zero.
  float sum = 0.0F;
  for (std::int64_t i = 0; i < count; ++i) sum += std::abs(x[i] - x[i]);
  return sum == 0.0F;
}

bool quantise_row(DType type, const float* x, std::int64_t cols, const float* importance, std::byte* out) {
  if (!all_finite(x, cols)) return false;
  const auto blocks = [&]<class Block>() {
    return encode_row<Block>(x, cols, importance, out, dtype_traits(type).block_bytes);
  };
  switch (type) {
    case DType::f32:
      std::memcpy(out, x, static_cast<std::size_t>(cols) * sizeof(float));
      return true;
    case DType::f16:
      return encode_halves<float_to_half>(x, cols, out);
    case DType::bf16:
      return encode_halves<float_to_bfloat>(x, cols, out);
    case DType::q4_0:
      return blocks.template operator()<ScaledBlock<BlockQ4_0, WholeLevels<8>, -8>>();
    case DType::q4_1:
      return blocks.template operator()<LineBlock<BlockQ4_1, LineLevels<15>>>();
    case DType::q5_0:
      return blocks.template operator()<ScaledBlock<BlockQ5_0, WholeLevels<16>, -16>>();
    case DType::q5_1:
      return blocks.template operator()<LineBlock<BlockQ5_1, LineLevels<31>>>();
    case DType::q8_0:
      return blocks.template operator()<ScaledBlock<BlockQ8_0, WholeLevels<128>, 127>>();
    case DType::iq4_nl:
      return blocks.template operator()<ScaledBlock<BlockIQ4_NL, Iq4Levels, -127>>();
    case DType::q2_k:
      return blocks.template operator()<LineSuperBlock<BlockQ2_K, LineLevels<3>, 16, 15>>();
    case DType::q3_k:
      return blocks.template operator()<ScaledSuperBlock<BlockQ3_K, WholeLevels<4>, 16, -32, 31, 6>>();
    case DType::q4_k:
      return blocks.template operator()<LineSuperBlock<BlockQ4_K, LineLevels<15>, 32, 63>>();
    case DType::q5_k:
      return blocks.template operator()<LineSuperBlock<BlockQ5_K, LineLevels<31>, 32, 63>>();
    case DType::q6_k:
      return blocks.template operator()<ScaledSuperBlock<BlockQ6_K, WholeLevels<32>, 16, -128, 127, 1>>();
    case DType::iq4_xs:
      return blocks.template operator()<ScaledSuperBlock<BlockIQ4_XS, Iq4Levels, 32, -32, 31, 1>>();
    default:
      HWY_DASSERT(false);
      return false;
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(quantise_row);
}

bool quantise(const Context& context, DType type, const float* x, std::int64_t rows, std::int64_t cols,
              const float* importance, std::byte* out) {
  std::vector<float> alike;
  if (importance == nullptr) {
    alike.assign(static_cast<std::size_t>(cols), 1.0F);
    importance = alike.data();
  }
  const DTypeTraits& traits = dtype_traits(type);
  const std::int64_t row_bytes = cols / traits.block_size * traits.block_bytes;
  std::atomic<bool> good{true};
  context.pool.for_range(rows, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t row = begin; row < end && good.load(std::memory_order_relaxed); ++row) {
      if (!HADAL_DISPATCH(context, quantise_row)(type, x + row * cols, cols, importance, out + row * row_bytes))
        good.store(false, std::memory_order_relaxed);
    }
  });
  return good.load(std::memory_order_relaxed);
}

}  // namespace hadal::ops
#endif
