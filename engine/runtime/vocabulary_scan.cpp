#include "runtime/vocabulary_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/vocabulary_scan.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// Comparisons with what is no number are false, so that it is never the highest.
float highest_value(const float* logits, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto none = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto high = none;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, logits + i);
    high = hn::IfThenElse(hn::Gt(value, high), value, high);
  }
  float best = hn::ReduceMax(d, high);
  for (; i < count; ++i) best = logits[i] > best ? logits[i] : best;
  return best;
}

/// One block's sum. Single-precision sums of at most 1024 / lanes weights between 0 and 1 are exact to 2^-17 of theirs,
/// which is less than the logits themselves are worth.
double block_weight(const float* logits, std::size_t count, float top, float scale, float lowest) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto tops = hn::Set(d, top), scales = hn::Set(d, scale), bar = hn::Set(d, lowest);
  const auto weight = [&](auto logit) HWY_ATTR {
    const auto counts = hn::Ge(logit, bar);
    // Where it does not count, the exponent of the bar: Highway's Exp wants numbers.
    const auto exponent = hn::Mul(hn::Sub(hn::IfThenElse(counts, logit, bar), tops), scales);
    return hn::IfThenElseZero(counts, hn::Exp(d, exponent));
  };
  auto sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) sum = hn::Add(sum, weight(hn::LoadU(d, logits + i)));
  if (i < count) {
    const auto rest = hn::LoadN(d, logits + i, count - i);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, count - i), weight(rest)));
  }
  return static_cast<double>(hn::ReduceSum(d, sum));
}

void block_weights(const float* logits, std::size_t count, float top, float temperature, float lowest, double* sums) {
  for (std::size_t first = 0, block = 0; first < count; first += weight_block, ++block) {
    sums[block] = block_weight(logits + first, std::min(weight_block, count - first), top, 1.0F / temperature, lowest);
  }
}

}  // namespace
}  // namespace hadal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal {
namespace {
HWY_EXPORT(highest_value);
HWY_EXPORT(block_weights);
}  // namespace

TokenId highest_logit(std::span<const float> logits) {
  const float value = HWY_DYNAMIC_DISPATCH(highest_value)(logits.data(), logits.size());
  // Also where the highest is -infinity, which numbers may be; but not where there is no number.
  const auto found = std::ranges::find(logits, value);
  return found == logits.end() ? -1 : static_cast<TokenId>(found - logits.begin());
}

void vocabulary_weights(std::span<const float> logits, float top, float temperature, float lowest,
                        std::span<double> sums) {
  HWY_DYNAMIC_DISPATCH(block_weights)(logits.data(), logits.size(), top, temperature, lowest, sums.data());
}

}  // namespace hadal
#endif
