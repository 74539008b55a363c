#include "runtime/step_cost.h"

#include <algorithm>

namespace hadal {
namespace {

/// Share of a new measurement: a hiccup of the machine is soon forgotten.
constexpr double kNew = 0.25;

/// How much of a change of speed is believed of the numbers of rows that were not measured.
constexpr double kDrift = 0.05;

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
    // Longer than this the processor was somebody else's.
    seconds = std::min(seconds, 4.0 * this->seconds(rows));
    const double change = std::clamp(seconds / this->seconds(rows), 0.8, 1.25) - 1.0;
    for (double& other : seconds_) other *= 1.0 + kDrift * change;
  }
  const bool first = seconds_[at] == 0.0;
  known_ += first;
  seconds_[at] = first ? seconds : (1.0 - kNew) * seconds_[at] + kNew * seconds;
  rows_[at] = first ? static_cast<double>(rows) : (1.0 - kNew) * rows_[at] + kNew * static_cast<double>(rows);
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
