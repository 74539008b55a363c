#include "ops/gelu/gelu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gelu/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), so x * that.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_lanes(D d, V x) {
  const V slope = hn::Set(d, -1.5957691216057308F);   // -2 sqrt(2 / pi)
  const V cubic = hn::Set(d, -0.07135481627159968F);  // that times 0.044715
  const V exponent = hn::Mul(x, hn::MulAdd(hn::Mul(x, x), cubic, slope));
  // Highway's Exp is wrong where the result overflows; beyond 88 the quotient is below 1e-36 anyway.
  const V denominator = hn::Add(hn::Set(d, 1.0F), hn::Exp(d, hn::Min(exponent, hn::Set(d, 88.0F))));
  return hn::Div(x, denominator);
}

void gelu_range(std::int64_t begin, std::int64_t end, float* x) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) hn::StoreU(gelu_lanes(d, hn::LoadU(d, x + i)), d, x + i);
  if (i < end) {
    const auto rest = static_cast<std::size_t>(end - i);
    hn::StoreN(gelu_lanes(d, hn::LoadN(d, x + i, rest)), d, x + i, rest);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(gelu_range);
}

void cpu::gelu(const Context& context, std::int64_t count, float* x) {
  context.pool.for_range(count, 4096, [&](std::int64_t begin, std::int64_t end, int) {
    HADAL_DISPATCH(context, gelu_range)(begin, end, x);
  });
}

}  // namespace hadal::ops
#endif
