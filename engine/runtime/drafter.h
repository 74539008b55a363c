#pragma once

#include <array>
#include <span>
#include <vector>

#include "runtime/ngram_draft.h"
#include "runtime/step_cost.h"

namespace hadal {

/// Guessed tokens that are computed together with the one they follow. They are kept as far as the sampler, asked token
/// by token, chooses the same: so they change when tokens come, and never which.
struct Draft {
  std::vector<TokenId> tokens;
  int matched = 0;  ///< See NgramDraft::Guess.
};

/// Of one sequence: how good its drafts were, and what they cost and saved.
struct DraftRecord {
  /// How likely a draft's token is right with so many tokens before it known to match: the more, the likelier.
  double likelihood(int matched) const;
  /// The first `accepted` tokens of the draft were right, and the next one, if it has any, was not.
  void judge(const Draft& draft, std::size_t accepted);

  NgramDraft source;
  double balance = 0.0;  ///< Seconds that drafts saved, less those they cost.

 private:
  static constexpr std::array<int, 5> kMatched{3, 4, 6, 9, 17};  ///< Least of each class.
  static std::size_t index(int matched);
  /// Tokens judged, and those of them that were right; at first as if two had been.
  std::array<double, kMatched.size()> judged_{2.0, 2.0, 2.0, 2.0, 2.0}, right_{0.8, 1.0, 1.2, 1.5, 1.8};
};

/// A step that only decodes, as it is put together.
struct DecodingStep {
  std::size_t sequences = 0;  ///< Each with a token of its own.
  std::size_t rows = 0;       ///< With the drafts' so far.
  double expected = 0.0;      ///< Tokens it will bring.
  double seconds = 0.0;       ///< It should not take longer than this.
  double took = 0.0;          ///< Once it was computed: the processor's time of it.
};

/// Decides how long drafts are, by what steps were measured to take and by how good a sequence's drafts were: as long
/// as brings the most tokens a second. What all drafts of a sequence lose stays below 2 % of its time.
class Drafter {
 public:
  /// So few rows latent attention computes as it computes one, to the last bit, for the shapes of all models there are
  /// (ops/latent_attention/plan.h).
  static constexpr std::size_t most_tokens = 24;

  /// The draft for a sequence whose text is `text`, `generated` tokens of it by this engine: `most` tokens at most,
  /// none where none is worth its time. `step` takes it in.
  Draft draft(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
              DecodingStep& step) const;

  /// Reports what came of a draft in `step`, which measured() knows already.
  void judge(DraftRecord& record, const Draft& draft, std::size_t accepted, const DecodingStep& step) const;
  /// Reports a step that only decoded.
  void measured(std::size_t rows, double seconds) { cost_.measured(rows, seconds); }

 private:
  double token_seconds(const DecodingStep& step) const;
  StepCost cost_;
};

}  // namespace hadal
