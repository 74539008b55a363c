// Horizontal sums of four vectors at once. Included once per target.
#if defined(HADAL_OPS_SUM4_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_SUM4_INL_H_
#undef HADAL_OPS_SUM4_INL_H_
#else
#define HADAL_OPS_SUM4_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// Sums of the lanes of a, b, c, d, of 32 bits each, as one vector of four. Each sum is added in the same order whatever
/// the others are.
template <class V>
HWY_INLINE hn::Vec<hn::FixedTag<hn::TFromV<V>, 4>> sum4(V a, V b, V c, V d) {
  const hn::DFromV<V> df;
  const hn::RepartitionToWide<decltype(df)> dw;
  const auto ab = hn::Add(hn::InterleaveLower(df, a, b), hn::InterleaveUpper(df, a, b));  // a0+a2 b0+b2 a1+a3 b1+b3
  const auto cd = hn::Add(hn::InterleaveLower(df, c, d), hn::InterleaveUpper(df, c, d));
  const auto wide_ab = hn::BitCast(dw, ab), wide_cd = hn::BitCast(dw, cd);
  const auto sums = hn::Add(hn::BitCast(df, hn::InterleaveLower(dw, wide_ab, wide_cd)),
                            hn::BitCast(df, hn::InterleaveUpper(dw, wide_ab, wide_cd)));
#if HWY_TARGET <= HWY_AVX3
  const hn::Half<decltype(df)> d8;
  const hn::Half<decltype(d8)> d4;
  const auto eight = hn::Add(hn::LowerHalf(d8, sums), hn::UpperHalf(d8, sums));
  return hn::Add(hn::LowerHalf(d4, eight), hn::UpperHalf(d4, eight));
#elif HWY_TARGET <= HWY_AVX2
  const hn::Half<decltype(df)> d4;
  return hn::Add(hn::LowerHalf(d4, sums), hn::UpperHalf(d4, sums));
#else
  return sums;
#endif
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
