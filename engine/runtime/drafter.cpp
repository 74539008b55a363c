#include "runtime/drafter.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

/// Tokens of a sequence the draft layer sees in a pass while its guesses are good: that one and the next.
constexpr std::size_t kSeen = 2;

}  // namespace

std::size_t DraftRecord::index(int matched, std::size_t place) {
  if (matched == 0) return kMatched.size() + std::min(place, kPlaces - 1);
  matched += static_cast<int>(place);
  return static_cast<std::size_t>(std::ranges::upper_bound(kMatched, std::max(matched, kMatched[0])) -
                                  kMatched.begin()) -
         1;
}

double DraftRecord::likelihood(int matched, std::size_t place) const {
  const std::size_t at = index(matched, place);
  return right_[at] / judged_[at];
}

void DraftRecord::judge(const Draft& draft, std::size_t accepted) {
  for (std::size_t i = 0; i < std::min(accepted + 1, draft.tokens.size()); ++i) {
    const std::size_t at = index(draft.matched, i);
    judged_[at] = kMemory * judged_[at] + 1.0;
    right_[at] = kMemory * right_[at] + (i < accepted ? 1.0 : 0.0);
  }
}

/// Of a token without drafts.
double Drafter::token_seconds(std::size_t sequences) const {
  return cost_.seconds(sequences) / static_cast<double>(sequences);
}

/// Seconds that may be lost now.
double Drafter::allowed(const DraftRecord& record, std::size_t generated, std::size_t sequences) const {
  if (eager_) return std::numeric_limits<double>::infinity();
  return record.balance + (kFirstLoss + kLoss * static_cast<double>(generated)) * token_seconds(sequences);
}

std::size_t Drafter::ahead(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
                           std::size_t sequences) const {
  if (!cost_.known()) return 0;
  const int matched = record.source.guess(text, 1).matched;
  if (!eager_ && matched > 0 && record.likelihood(matched, 0) >= record.likelihood(0, 0)) return 0;
  most = std::min(most, cost_.compared() ? most_ahead : 1);
  const double bare = cost_.seconds(sequences), pass = layer_cost_.seconds(kSeen * sequences);
  const double at_most = allowed(record, generated, sequences);
  double expected = static_cast<double>(sequences), likely = 1.0, best = kLeastGain * expected / bare;
  std::size_t length = 0;
  for (std::size_t i = 0; i < most; ++i) {
    likely *= record.likelihood(0, i);
    expected += likely;
    const double seconds = cost_.seconds(sequences + i + 1) + static_cast<double>(i + 1) * pass;
    if (seconds - bare > at_most) break;
    if (!eager_ && expected / seconds <= best) continue;
    best = expected / seconds;
    length = i + 1;
  }
  return length;
}

void Drafter::asked(std::span<DraftRecord* const> records, std::size_t passes, double rows, double seconds) {
  if (records.empty() || passes == 0) return;
  const auto count = static_cast<double>(passes);
  layer_cost_.measured(static_cast<std::size_t>(std::lround(rows)), seconds / count);
  for (DraftRecord* record : records) record->balance -= seconds / static_cast<double>(records.size());
}

Draft Drafter::draft(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
                     DecodingStep& step, std::span<const TokenId> guessed) const {
  // What a longer one costs is not yet known.
  most = cost_.compared() ? std::min(most, most_tokens) : std::min<std::size_t>(most, 1);
  NgramDraft::Guess guess = record.source.guess(text, most);
  const bool better = guess.tokens.empty() || record.likelihood(guess.matched, 0) < record.likelihood(0, 0);
  if (most > 0 && !guessed.empty() && better)
    guess = {{guessed.begin(), guessed.begin() + static_cast<std::ptrdiff_t>(std::min(most, guessed.size()))}, 0};
  if (guess.tokens.empty() || !cost_.known()) return {};
  const double bare = cost_.seconds(step.rows);
  const double at_most = allowed(record, generated, step.sequences);
  double expected = step.expected, likely = 1.0, best = kLeastGain * step.expected / bare, best_expected = 0.0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < guess.tokens.size(); ++i) {
    likely *= record.likelihood(guess.matched, i);
    expected += likely;
    const double seconds = cost_.seconds(step.rows + i + 1);
    if (seconds - bare > at_most || seconds > std::max(step.seconds, bare)) break;
    if (!eager_ && expected / seconds <= best) continue;
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
  const double token = token_seconds(step.sequences);
  // All drafts of the step together, of which this is a part. More than this was a hiccup of the machine.
  const double all = std::min(step.took, 3.0 * cost_.seconds(step.rows)) - cost_.seconds(step.sequences);
  const auto part = static_cast<double>(draft.tokens.size()) / static_cast<double>(step.rows - step.sequences);
  record.balance += static_cast<double>(accepted) * token - part * all;
  record.balance = std::min(record.balance, kMostSaved * token);
}

}  // namespace hadal
