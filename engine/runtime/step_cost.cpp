#include "runtime/step_cost.h"

#include <algorithm>

namespace hadal {
namespace {

/// Share of a new measurement, if it is shorter and if it is longer than what is known: what other programs do makes
/// steps longer and never shorter, so the short ones tell more.
constexpr double kShorter = 0.25, kLonger = 0.08;

/// Longer than this, in terms of what is known, the processor was somebody else's.
constexpr double kHiccup = 1.5;

/// How fast what was measured of other numbers of rows is forgotten in favour of a shorter guess: an unlucky
/// measurement must not keep a number of rows from being tried again.
constexpr double kForgotten = 0.02;

/// Of the first row, while nothing is known: dense models take less, mixtures of experts more.
double guessed(double rows) {
  return 1.0 + 0.2 * (rows - 1.0);
}

}  // namespace

std::size_t StepCost::index(std::size_t rows) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kRows, std::max<std::size_t>(rows, 1)) - kRows.begin()) - 1;
}

void StepCost::measured(std::size_t rows, double seconds) {
  if (seconds <= 0.0) return;
  const std::size_t at = index(rows);
  if (known()) {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      if (seconds_[i] == 0.0) continue;
      const double guess = seconds * guessed(rows_[i]) / guessed(static_cast<double>(rows));
      seconds_[i] += kForgotten * std::min(guess - seconds_[i], 0.0);
    }
  }
  if (seconds_[at] == 0.0) {
    ++known_;
    seconds_[at] = seconds;
    rows_[at] = static_cast<double>(rows);
    return;
  }
  const double part = seconds < seconds_[at] ? kShorter : kLonger;
  seconds_[at] += part * (std::min(seconds, kHiccup * seconds_[at]) - seconds_[at]);
  rows_[at] += part * (static_cast<double>(rows) - rows_[at]);
}

double StepCost::seconds(std::size_t rows) const {
  const auto wanted = static_cast<double>(rows);
  std::size_t below = kRows.size(), above = kRows.size();
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (seconds_[i] == 0.0) continue;
    if (rows_[i] <= wanted) below = i;
    if (rows_[i] >= wanted && above == kRows.size()) above = i;
  }
  if (below == kRows.size() && above == kRows.size()) return 0.0;
  if (below == kRows.size()) return seconds_[above] * guessed(wanted) / guessed(rows_[above]);
  if (above == kRows.size()) return seconds_[below] * guessed(wanted) / guessed(rows_[below]);
  if (below == above) return seconds_[below];
  const double part = (wanted - rows_[below]) / (rows_[above] - rows_[below]);
  return seconds_[below] + part * (seconds_[above] - seconds_[below]);
}

}  // namespace hadal
