#include "ops/router/router.h"

#include <algorithm>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/router/cpu.cpp"
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

/// score[i] = e^(logits[i] - highest), or the sigmoid of logits[i], for `count` experts.
void exponentials(RouterScore kind, const float* logits, float highest, std::int64_t count, float* score) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto one = hn::Set(d, 1.0F), top = hn::Set(d, highest);
  for (std::int64_t i = 0; i < count; i += lanes) {
    const auto rest = static_cast<std::size_t>(std::min(lanes, count - i));
    const auto logit = hn::LoadN(d, logits + i, rest);
    // Highway's Exp is wrong where the result overflows; at -88 a sigmoid is below 1e-38 anyway.
    const auto value = kind == RouterScore::softmax
                           ? hn::Exp(d, hn::Sub(logit, top))
                           : hn::Div(one, hn::Add(one, hn::Exp(d, hn::Min(hn::Neg(logit), hn::Set(d, 88.0F)))));
    hn::StoreN(value, d, score + i, rest);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(exponentials);

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Scratch of one thread.
struct Lists {
  std::vector<float> score, choice, group;
  std::vector<char> taken;
};

void write_scores(const Context& context, const RouterShape& shape, const float* logits, std::vector<float>& score) {
  const float highest = *std::max_element(logits, logits + shape.experts);
  HADAL_DISPATCH(context, exponentials)(shape.score, logits, highest, shape.experts, score.data());
  if (shape.score != RouterScore::softmax) return;
  float sum = 0.0F;
  for (const float value : score) sum += value;
  for (float& value : score) value /= sum;
}

/// The number of the best of those not taken, the first of equal ones; what is no number comes last.
std::size_t best_left(const std::vector<float>& values, const std::vector<char>& taken) {
  std::size_t best = values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (taken[i]) continue;
    if (best == values.size() || values[i] > values[best] || (values[best] != values[best] && values[i] == values[i]))
      best = i;
  }
  return best;
}

float group_score(GroupScore kind, const float* choice, std::int64_t size) {
  float first = kNever, second = kNever;
  for (std::int64_t i = 0; i < size; ++i) {
    if (choice[i] > first) {
      second = first;
      first = choice[i];
    } else if (choice[i] > second) {
      second = choice[i];
    }
  }
  return kind == GroupScore::sum_of_two && size > 1 ? first + second : first;
}

void keep_best_groups(const RouterShape& shape, Lists& l) {
  const std::int64_t size = shape.experts / shape.groups;
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    l.group[static_cast<std::size_t>(g)] = group_score(shape.group_score, l.choice.data() + g * size, size);
  }
  l.taken.assign(l.group.size(), 0);
  for (std::int64_t i = 0; i < shape.groups_used; ++i) l.taken[best_left(l.group, l.taken)] = 1;
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    if (!l.taken[static_cast<std::size_t>(g)]) std::fill_n(l.choice.data() + g * size, size, kNever);
  }
}

void route_token(const Context& context, const RouterShape& shape, const float* logits, const float* bias, Lists& l,
                 std::int32_t* chosen, float* weights) {
  write_scores(context, shape, logits, l.score);
  l.choice = l.score;
  for (std::size_t e = 0; bias && e < l.choice.size(); ++e) l.choice[e] += bias[e];
  if (shape.groups_used < shape.groups) keep_best_groups(shape, l);
  l.taken.assign(l.choice.size(), 0);
  float sum = 0.0F;
  for (std::int64_t i = 0; i < shape.used; ++i) {
    const std::size_t best = best_left(l.choice, l.taken);
    l.taken[best] = 1;
    chosen[i] = static_cast<std::int32_t>(best);
    weights[i] = l.score[best];
    sum += weights[i];
  }
  for (std::int64_t i = 0; i < shape.used; ++i) {
    if (shape.normalised) weights[i] /= sum + 1e-20F;
    weights[i] *= shape.scale;
  }
}

}  // namespace

void cpu::route(const Context& context, const RouterShape& shape, const float* logits, const float* bias,
                std::int64_t tokens, std::int32_t* chosen, float* weights) {
  context.pool.for_range(tokens, 8, [&](std::int64_t begin, std::int64_t end, int) {
    const auto experts = static_cast<std::size_t>(shape.experts);
    Lists lists{std::vector<float>(experts), {}, std::vector<float>(static_cast<std::size_t>(shape.groups)), {}};
    for (std::int64_t t = begin; t < end; ++t) {
      route_token(context, shape, logits + t * shape.experts, bias, lists, chosen + t * shape.used,
                  weights + t * shape.used);
    }
  });
}

}  // namespace hadal::ops
#endif
