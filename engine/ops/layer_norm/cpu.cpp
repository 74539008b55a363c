#include "ops/layer_norm/layer_norm.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/layer_norm/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;

float sum_of(const float* x, std::int64_t width) {
  const Float d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) sums = hn::Add(sums, hn::LoadU(d, x + i));
  float sum = hn::ReduceSum(d, sums);
  for (; i < width; ++i) sum += x[i];
  return sum;
}

/// Of the differences from the mean: E[x^2] - mean^2 would cancel.
float sum_of_squares(const float* x, float mean, std::int64_t width) {
  const Float d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto means = hn::Set(d, mean);
  auto sums = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    const auto centred = hn::Sub(hn::LoadU(d, x + i), means);
    sums = hn::MulAdd(centred, centred, sums);
  }
  float sum = hn::ReduceSum(d, sums);
  for (; i < width; ++i) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

void layer_norm_row(const float* x, const float* weight, const float* bias, float epsilon, std::int64_t width,
                    float* y) {
  const Float d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const float mean = sum_of(x, width) / static_cast<float>(width);
  const float variance = sum_of_squares(x, mean, width) / static_cast<float>(width);
  const float scale = 1.0F / std::sqrt(variance + epsilon);
  const auto means = hn::Set(d, mean), scales = hn::Set(d, scale);
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    const auto normed = hn::Mul(hn::Sub(hn::LoadU(d, x + i), means), scales);
    hn::StoreU(hn::MulAdd(normed, hn::LoadU(d, weight + i), hn::LoadU(d, bias + i)), d, y + i);
  }
  for (; i < width; ++i) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(layer_norm_row);
}

void cpu::layer_norm(const Context& context, const float* x, const float* weight, const float* bias, float epsilon,
                     std::int64_t tokens, std::int64_t width, float* y) {
  const std::int64_t grain = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(1, width));
  context.pool.for_range(tokens, grain, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      HADAL_DISPATCH(context, layer_norm_row)(x + t * width, weight, bias, epsilon, width, y + t * width);
    }
  });
}

}  // namespace hadal::ops
#endif
