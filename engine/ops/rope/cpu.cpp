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

/// (a, b) -> (a cos - b sin, b cos + a sin): every lane times its cosine plus its neighbour times the signed sine.
void rope_head(const float* cosines, const float* sines, std::int64_t dimensions, float* x) {
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

void rope_token(const float* table, std::int64_t dimensions, std::int64_t heads, std::int64_t head_size, float* x) {
  for (std::int64_t h = 0; h < heads; ++h) rope_head(table, table + dimensions, dimensions, x + h * head_size);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(rope_token);
}

void cpu::rope(const Context& context, const float* table, std::int64_t dimensions, std::int64_t tokens,
               std::int64_t heads, std::int64_t head_size, float* x) {
  const std::int64_t width = heads * head_size;
  const std::int64_t grain = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, width));
  context.pool.for_range(tokens, grain, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      HADAL_DISPATCH(context, rope_token)(table + t * 2 * dimensions, dimensions, heads, head_size, x + t * width);
    }
  });
}

}  // namespace hadal::ops
#endif
