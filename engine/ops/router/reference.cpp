#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "ops/router/router.h"

namespace hadal::ops::reference {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

/// Numbers of `values`, the best first; of equal ones the lower number first, what is no number last.
std::vector<std::int32_t> ranked(const std::vector<float>& values) {
  std::vector<std::int32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
    const float left = values[static_cast<std::size_t>(a)], right = values[static_cast<std::size_t>(b)];
    return left > right || (!std::isnan(left) && std::isnan(right));
  });
  return order;
}

std::vector<float> scores(const RouterShape& shape, const float* logits) {
  std::vector<float> out;
  const double highest = static_cast<double>(*std::max_element(logits, logits + shape.experts));
  double sum = 0.0;
  for (std::int64_t e = 0; e < shape.experts; ++e) sum += std::exp(static_cast<double>(logits[e]) - highest);
  for (std::int64_t e = 0; e < shape.experts; ++e) {
    const auto logit = static_cast<double>(logits[e]);
    const double score =
        shape.score == RouterScore::softmax ? std::exp(logit - highest) / sum : 1.0 / (1.0 + std::exp(-logit));
    out.push_back(static_cast<float>(score));
  }
  return out;
}

/// Takes the experts of all but the best groups out of the choice.
void keep_best_groups(const RouterShape& shape, std::vector<float>& choice) {
  const auto size = static_cast<std::size_t>(shape.experts / shape.groups);
  std::vector<float> groups;
  for (std::size_t first = 0; first < choice.size(); first += size) {
    std::vector<float> group(choice.begin() + static_cast<std::ptrdiff_t>(first),
                             choice.begin() + static_cast<std::ptrdiff_t>(first + size));
    const auto order = ranked(group);
    float score = group[static_cast<std::size_t>(order[0])];
    if (shape.group_score == GroupScore::sum_of_two && size > 1) score += group[static_cast<std::size_t>(order[1])];
    groups.push_back(score);
  }
  const auto order = ranked(groups);
  for (auto i = static_cast<std::size_t>(shape.groups_used); i < order.size(); ++i) {
    std::fill_n(choice.begin() + static_cast<std::ptrdiff_t>(order[i]) * static_cast<std::ptrdiff_t>(size), size,
                kNever);
  }
}

void route_token(const RouterShape& shape, const float* logits, const float* bias, std::int32_t* chosen,
                 float* weights) {
  const std::vector<float> score = scores(shape, logits);
  std::vector<float> choice = score;
  for (std::size_t e = 0; bias && e < choice.size(); ++e) choice[e] += bias[e];
  if (shape.groups_used < shape.groups) keep_best_groups(shape, choice);
  const auto order = ranked(choice);
  double sum = 0.0;
  for (std::int64_t i = 0; i < shape.used; ++i) {
    chosen[i] = order[static_cast<std::size_t>(i)];
    sum += static_cast<double>(score[static_cast<std::size_t>(chosen[i])]);
  }
  for (std::int64_t i = 0; i < shape.used; ++i) {
    const auto weight = static_cast<double>(score[static_cast<std::size_t>(chosen[i])]);
    weights[i] =
        static_cast<float>((shape.normalised ? weight / (sum + 1e-20) : weight) * static_cast<double>(shape.scale));
  }
}

}  // namespace

void route(const Context&, const RouterShape& shape, const float* logits, const float* bias, std::int64_t tokens,
           std::int32_t* chosen, float* weights) {
  for (std::int64_t t = 0; t < tokens; ++t) {
    route_token(shape, logits + t * shape.experts, bias, chosen + t * shape.used, weights + t * shape.used);
  }
}

}  // namespace hadal::ops::reference
