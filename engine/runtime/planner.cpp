#include "runtime/planner.h"

#include <algorithm>
#include <span>

#include "runtime/kv_cache.h"

namespace hadal {

StepBudget::StepBudget(double guess, std::size_t least, std::size_t most)
    : token_seconds_(guess), least_(least), most_(most) {}

std::size_t StepBudget::tokens(double step_seconds) const {
  // A quarter of the step is kept for what varies: other programs, growing depth.
  const double fit = 0.75 * step_seconds / token_seconds_;
  return std::clamp<std::size_t>(fit < static_cast<double>(most_) ? static_cast<std::size_t>(fit) : most_, least_,
                                 at_most_now_);
}

void StepBudget::measured(std::size_t tokens, double seconds) {
  if (tokens == 0 || seconds <= 0.0) return;
  // Half of the new: a hiccup of the machine is soon forgotten, and a change of speed soon noticed.
  token_seconds_ = (token_seconds_ + seconds / static_cast<double>(tokens)) / 2;
  at_most_now_ = most_;
}

void StepBudget::interrupted(std::size_t tokens) {
  at_most_now_ = std::clamp(tokens / 2, least_, most_);
}

std::vector<Sequence*> choose_running(const std::vector<std::unique_ptr<Sequence>>& sequences,
                                      std::size_t max_requests) {
  std::vector<Sequence*> running;
  if (sequences.empty()) return running;
  Priority highest = Priority::background;
  for (const auto& sequence : sequences) highest = std::max(highest, sequence->priority);
  for (const auto& sequence : sequences) {
    if (sequence->priority == highest && running.size() < max_requests) running.push_back(sequence.get());
  }
  return running;
}

namespace {

/// Whether an earlier one of `prompts` is about to compute the same block of the same text, so that waiting for it is
/// the faster way.
bool finds_a_leader(const Sequence& sequence, std::span<Sequence* const> prompts) {
  constexpr std::size_t block = KvCache::block_tokens;
  const std::size_t end = (sequence.computed / block + 1) * block;
  // A block that holds the last token is not taken from others.
  if (sequence.computed % block != 0 || end >= sequence.tokens.size()) return false;
  return std::ranges::any_of(prompts, [&](const Sequence* other) {
    return other->computed >= sequence.computed && other->computed < end && other->tokens.size() >= end &&
           std::equal(other->tokens.begin(), other->tokens.begin() + static_cast<std::ptrdiff_t>(end),
                      sequence.tokens.begin());
  });
}

}  // namespace

std::vector<Share> divide(const std::vector<Sequence*>& running, std::size_t budget) {
  std::vector<Share> shares;
  std::vector<Sequence*> prompts;
  for (Sequence* sequence : running) {
    if (sequence->pending() == 1) {
      shares.push_back({sequence, 1, false});
    } else if (!finds_a_leader(*sequence, prompts)) {
      prompts.push_back(sequence);
    }
  }
  std::size_t left = budget > shares.size() ? budget - shares.size() : 0;
  if (left == 0 && !prompts.empty()) left = 1;  // decoding must not starve a prompt
  std::stable_sort(prompts.begin(), prompts.end(),
                   [](const Sequence* a, const Sequence* b) { return a->pending() < b->pending(); });
  for (std::size_t i = 0; i < prompts.size() && left > 0; ++i) {
    const std::size_t even = std::max<std::size_t>(1, left / (prompts.size() - i));
    const std::size_t part = std::min(prompts[i]->pending(), even);
    shares.push_back({prompts[i], part, true});
    left -= part;
  }
  return shares;
}

}  // namespace hadal
