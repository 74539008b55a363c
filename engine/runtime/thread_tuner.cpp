#include "runtime/thread_tuner.h"

#include <algorithm>

namespace hadal {
namespace {

constexpr std::size_t kRounds = 4;

/// Slower by less than this is as fast: other programs, and a model smaller than the next one, show no more. Too many
/// threads cost that at most, too few may cost half of the speed.
constexpr double kAlike = 1.15;

/// All, three quarters, half and a quarter: half of them is one for each core where every core has two.
std::vector<int> numbers(int most) {
  std::vector<int> out;
  for (const int quarters : {4, 3, 2, 1}) {
    const int threads = std::max(1, (most * quarters + 2) / 4);
    if (out.empty() || threads < out.back()) out.push_back(threads);
  }
  return out;
}

}  // namespace

ThreadTuner::ThreadTuner(int most) {
  const auto each = numbers(most);
  if (each.size() < 2) return;  // nothing to choose from
  for (const bool reading : {true, false}) {
    for (const int threads : each) candidates_.push_back({{reading, threads}});
  }
}

std::optional<ThreadTuner::Trial> ThreadTuner::next() const {
  if (done_ >= kRounds * candidates_.size()) return std::nullopt;
  return candidates_[done_ % candidates_.size()].trial;
}

void ThreadTuner::took(double seconds) {
  if (done_ >= candidates_.size()) {
    double& least = candidates_[done_ % candidates_.size()].least;
    least = least == 0.0 ? seconds : std::min(least, seconds);
  }
  ++done_;
}

int ThreadTuner::best(bool reading) const {
  double least = 0.0;
  for (const Candidate& one : candidates_) {
    if (one.trial.reading == reading && one.least > 0.0 && (least == 0.0 || one.least < least)) least = one.least;
  }
  for (const Candidate& one : candidates_) {  // the most come first
    if (one.trial.reading == reading && one.least > 0.0 && one.least <= kAlike * least) return one.trial.threads;
  }
  return 0;
}

ThreadCounts ThreadTuner::best() const {
  return {best(true), best(false)};
}

}  // namespace hadal
