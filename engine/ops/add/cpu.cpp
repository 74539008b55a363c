#include "ops/add/add.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/add/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void add_range(const float* x, std::int64_t begin, std::int64_t end, float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
  for (; i < end; ++i) y[i] += x[i];
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(add_range);
}

void cpu::add(const Context& context, const float* x, std::int64_t count, float* y) {
  // 16 K elements stay in a core's cache and are worth waking another one.
  context.pool.for_range(count, 16384, [&](std::int64_t begin, std::int64_t end, int) {
    HADAL_DISPATCH(context, add_range)(x, begin, end, y);
  });
}

}  // namespace hadal::ops
#endif
