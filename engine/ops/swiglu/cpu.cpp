#include "ops/swiglu/swiglu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/swiglu/cpu.cpp"
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

template <class D, class V = hn::Vec<D>>
HWY_INLINE V swiglu_lanes(D d, V gate, V up) {
  // Highway's Exp is wrong where the result overflows; beyond 88 the quotient is below 1e-35 anyway.
  const V exponent = hn::Min(hn::Neg(gate), hn::Set(d, 88.0F));
  const V denominator = hn::Add(hn::Set(d, 1.0F), hn::Exp(d, exponent));
  return hn::Mul(hn::Div(gate, denominator), up);
}

void swiglu_range(const float* gate, const float* up, std::int64_t begin, std::int64_t end, float* out) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    hn::StoreU(swiglu_lanes(d, hn::LoadU(d, gate + i), hn::LoadU(d, up + i)), d, out + i);
  }
  if (i < end) {
    const auto rest = static_cast<std::size_t>(end - i);
    hn::StoreN(swiglu_lanes(d, hn::LoadN(d, gate + i, rest), hn::LoadN(d, up + i, rest)), d, out + i, rest);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(swiglu_range);
}

void cpu::swiglu_piece(const Context& context, const float* gate, const float* up, std::int64_t count, float* out) {
  HADAL_DISPATCH(context, swiglu_range)(gate, up, 0, count, out);
}

void cpu::swiglu(const Context& context, const float* gate, const float* up, std::int64_t count, float* out) {
  context.pool.for_range(count, 4096, [&](std::int64_t begin, std::int64_t end, int) {
    HADAL_DISPATCH(context, swiglu_range)(gate, up, begin, end, out);
  });
}

}  // namespace hadal::ops
#endif
