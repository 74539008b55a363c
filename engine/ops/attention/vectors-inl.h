// Vectors of float32 rows. Included once per target by the cpu.cpp of attention and latent attention.
#if defined(HADAL_OPS_ATTENTION_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_ATTENTION_VECTORS_INL_H_
#undef HADAL_OPS_ATTENTION_VECTORS_INL_H_
#else
#define HADAL_OPS_ATTENTION_VECTORS_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hwy/highway.h"
#include "ops/attention/plan.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Float>;
inline constexpr std::int64_t kLanes = HWY_MAX_LANES_D(Float);

HWY_INLINE FloatVec load(const float* from) {
  return hn::LoadU(Float(), from);
}
/// The first n lanes, zero after them.
HWY_INLINE FloatVec load_part(const float* from, std::size_t n) {
  return hn::LoadN(Float(), from, n);
}

/// out = out * before + more * now
HWY_INLINE void blend(float before, const float* more, float now, std::int64_t size, float* out) {
  const Float d;
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const FloatVec added = hn::Mul(load(more + i), hn::Set(d, now));
    hn::StoreU(hn::MulAdd(load(out + i), hn::Set(d, before), added), d, out + i);
  }
  for (; i < size; ++i) out[i] = out[i] * before + more[i] * now;
}

/// Adds a span's sums and output to those of the spans before it.
HWY_INLINE void join(const SoftmaxSums& span, const float* span_out, std::int64_t size, SoftmaxSums& sums, float* out) {
  if (span.total == 0.0F) return;  // of a row that ends before the span
  const float highest = std::max(span.highest, sums.highest);
  const float before = std::exp(sums.highest - highest), now = std::exp(span.highest - highest);
  blend(before, span_out, now, size, out);
  sums = {highest, sums.total * before + span.total * now};
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
