#include "ops/rope/rope.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rope/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// (a, b) -> (a cos - b sin, b cos + a sin): every element times its cosine plus its partner times the signed sine.

void turn_adjacent(const float* cosines, const float* sines, std::int64_t dimensions, float* x) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= dimensions; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    const auto turned = hn::Mul(hn::Shuffle2301(v), hn::LoadU(d, sines + i));
    hn::StoreU(hn::MulAdd(v, hn::LoadU(d, cosines + i), turned), d, x + i);
  }
  for (; i < dimensions; i += 2) {
    const float a = x[i], b = x[i + 1];
    x[i] = a * cosines[i] + b * sines[i];
    x[i + 1] = b * cosines[i + 1] + a * sines[i + 1];
  }
}

void turn_halves(const float* cosines, const float* sines, std::int64_t dimensions, float* x) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t half = dimensions / 2;
  std::int64_t i = 0;
  for (; i + lanes <= half; i += lanes) {
    const auto a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + half + i);
    const auto turned_a = hn::Mul(b, hn::LoadU(d, sines + i)), turned_b = hn::Mul(a, hn::LoadU(d, sines + half + i));
    hn::StoreU(hn::MulAdd(a, hn::LoadU(d, cosines + i), turned_a), d, x + i);
    hn::StoreU(hn::MulAdd(b, hn::LoadU(d, cosines + half + i), turned_b), d, x + half + i);
  }
  for (; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    x[i] = a * cosines[i] + b * sines[i];
    x[half + i] = b * cosines[half + i] + a * sines[half + i];
  }
}

void rope_token(const float* table, const Rope& rope, std::int64_t heads, std::int64_t head_size, float* x) {
  const auto turn = rope.pairs == RopePairs::adjacent ? turn_adjacent : turn_halves;
  for (std::int64_t h = 0; h < heads; ++h) turn(table, table + rope.dimensions, rope.dimensions, x + h * head_size);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(rope_token);
}

void cpu::rope(const Context& context, const Rope& rope, const float* table, std::int64_t tokens, std::int64_t heads,
               std::int64_t head_size, float* x) {
  const std::int64_t width = heads * head_size;
  const std::int64_t grain = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, width));
  context.pool.for_range(tokens, grain, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      HADAL_DISPATCH(context, rope_token)(table + t * 2 * rope.dimensions, rope, heads, head_size, x + t * width);
    }
  });
}

}  // namespace hadal::ops
#endif
