// Vectors of the float32 and float16 rows of a cache. Included once per target by the cpu.cpp of attention and latent
// attention.
#if defined(HADAL_OPS_ATTENTION_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_ATTENTION_VECTORS_INL_H_
#undef HADAL_OPS_ATTENTION_VECTORS_INL_H_
#else
#define HADAL_OPS_ATTENTION_VECTORS_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

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
HWY_INLINE FloatVec load(const hwy::float16_t* from) {
  return hn::PromoteTo(Float(), hn::LoadU(hn::Rebind<hwy::float16_t, Float>(), from));
}
/// The first n lanes, zero after them.
HWY_INLINE FloatVec load_part(const float* from, std::size_t n) {
  return hn::LoadN(Float(), from, n);
}
HWY_INLINE FloatVec load_part(const hwy::float16_t* from, std::size_t n) {
  alignas(64) float lanes[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = hwy::F32FromF16(from[i]);
  return hn::Load(Float(), lanes);
}

/// `count` elements into the cache, in its type.
inline void store_row(const float* from, std::int64_t count, DType type, std::byte* base, std::int64_t offset) {
  if (type == DType::f32) {
    std::memcpy(reinterpret_cast<float*>(base) + offset, from, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  const hn::Rebind<hwy::float16_t, Float> d16;
  auto* to = reinterpret_cast<hwy::float16_t*>(base) + offset;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::DemoteTo(d16, load(from + i)), d16, to + i);
  for (; i < count; ++i) to[i] = hwy::F16FromF32(from[i]);
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
