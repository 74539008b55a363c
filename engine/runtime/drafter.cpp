#include "runtime/drafter.h"

#include <algorithm>

namespace hadal {
namespace {

/// What drafts may lose: a share of the time without them, and at the beginning half a token's.
constexpr double kLoss = 0.015, kFirstLoss = 0.5;

/// Savings are not put by for longer than these many tokens.
constexpr double kMostSaved = 16.0;

/// A gain below this is none: what steps take is known no better.
constexpr double kLeastGain = 1.03;

/// What was judged longer ago counts less: texts change.
constexpr double kMemory = 0.95;

}  // namespace

std::size_t DraftRecord::index(int matched) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kMatched, std::max(matched, kMatched[0])) -
                                  kMatched.begin()) -
         1;
}

double DraftRecord::likelihood(int matched) const {
  const std::size_t at = index(matched);
  return right_[at] / judged_[at];
}

void DraftRecord::judge(const Draft& draft, std::size_t accepted) {
  for (std::size_t i = 0; i < std::min(accepted + 1, draft.tokens.size()); ++i) {
    const std::size_t at = index(draft.matched + static_cast<int>(i));
    judged_[at] = kMemory * judged_[at] + 1.0;
    right_[at] = kMemory * right_[at] + (i < accepted ? 1.0 : 0.0);
  }
}

/// Of a token without drafts.
double Drafter::token_seconds(const DecodingStep& step) const {
  return cost_.seconds(step.sequences) / static_cast<double>(step.sequences);
}

Draft Drafter::draft(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
                     DecodingStep& step) const {
  // What a longer one costs is not yet known.
  most = cost_.compared() ? std::min(most, most_tokens) : std::min<std::size_t>(most, 1);
  const NgramDraft::Guess guess = record.source.guess(text, most);
  if (guess.tokens.empty() || !cost_.known()) return {};
  const double bare = cost_.seconds(step.rows);
  const double allowed = record.balance + (kFirstLoss + kLoss * static_cast<double>(generated)) * token_seconds(step);
  double expected = step.expected, likely = 1.0, best = kLeastGain * step.expected / bare, best_expected = 0.0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < guess.tokens.size(); ++i) {
    likely *= record.likelihood(guess.matched + static_cast<int>(i));
    expected += likely;
    const double seconds = cost_.seconds(step.rows + i + 1);
    if (seconds - bare > allowed || seconds > std::max(step.seconds, bare)) break;
    if (expected / seconds <= best) continue;
    best = expected / seconds;
    best_expected = expected;
    length = i + 1;
  }
  if (length == 0) return {};
  step.rows += length;
  step.expected = best_expected;
  return {{guess.tokens.begin(), guess.tokens.begin() + static_cast<std::ptrdiff_t>(length)}, guess.matched};
}

void Drafter::judge(DraftRecord& record, const Draft& draft, std::size_t accepted, const DecodingStep& step) const {
  record.judge(draft, accepted);
  const double token = token_seconds(step);
  // All drafts of the step together, of which this is a part. More than this was a hiccup of the machine.
  const double all = std::min(step.took, 3.0 * cost_.seconds(step.rows)) - cost_.seconds(step.sequences);
  const auto part = static_cast<double>(draft.tokens.size()) / static_cast<double>(step.rows - step.sequences);
  record.balance += static_cast<double>(accepted) * token - part * all;
  record.balance = std::min(record.balance, kMostSaved * token);
}

}  // namespace hadal
