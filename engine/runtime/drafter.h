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
  int matched = 0;  ///< See NgramDraft::Guess; 0: the model's draft layer guessed them.
};

/// Of one sequence: how good its drafts were, and what they cost and saved.
struct DraftRecord {
  /// How likely token `place` of a draft is right: the more tokens before it are known to match the likelier, and the
  /// nearer if the draft layer guessed it.
  double likelihood(int matched, std::size_t place) const;
  /// The first `accepted` tokens of the draft were right, and the next one, if it has any, was not.
  void judge(const Draft& draft, std::size_t accepted);

  NgramDraft source;
  double balance = 0.0;  ///< Seconds that drafts saved, less those they cost.

 private:
  static constexpr std::array<int, 5> kMatched{3, 4, 6, 9, 17};  ///< Least of each class.
  static constexpr std::size_t kPlaces = 3;  ///< Of the draft layer's guesses: first, second, and later ones.
  static std::size_t index(int matched, std::size_t place);
  using Counts = std::array<double, kMatched.size() + kPlaces>;
  /// Tokens judged, and those of them that were right; at first as if two had been. DeepSeek-V3's layer has 85 to 90 %
  /// of its first guesses right (its report, section 5.4.3).
  Counts judged_{2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0}, right_{0.8, 1.0, 1.2, 1.5, 1.8, 1.7, 1.4, 1.2};
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
/// as brings the most tokens a second. What all drafts of a sequence lose stays below 2 % of its time; what asking the
/// draft layer takes counts.
class Drafter {
 public:
  /// `eager`: EngineOptions::eager_drafts.
  explicit Drafter(bool eager = false) : eager_(eager) {}

  /// So few rows latent attention computes as it computes one, to the last bit, for the shapes of all models there are
  /// (ops/latent_attention/plan.h).
  static constexpr std::size_t most_tokens = 24;
  /// Guesses of the draft layer one after the other: each is made of the one before, and worse.
  static constexpr std::size_t most_ahead = 3;

  /// The draft for a sequence whose text is `text`, `generated` tokens of it by this engine: `most` tokens at most,
  /// none where none is worth its time. `guessed`: what the draft layer says, if it was asked. `step` takes it in.
  Draft draft(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
              DecodingStep& step, std::span<const TokenId> guessed = {}) const;

  /// How many tokens the draft layer is worth asking for, before a step that decodes `sequences`.
  std::size_t ahead(DraftRecord& record, std::span<const TokenId> text, std::size_t generated, std::size_t most,
                    std::size_t sequences) const;
  /// Reports passes of the draft layer that guessed for the sequences of `records`, and the tokens of each.
  void asked(std::span<DraftRecord* const> records, std::size_t passes, double rows, double seconds);

  /// Reports what came of a draft in `step`, which measured() knows already.
  void judge(DraftRecord& record, const Draft& draft, std::size_t accepted, const DecodingStep& step) const;
  /// Reports a step that only decoded.
  void measured(std::size_t rows, double seconds) { cost_.measured(rows, seconds); }

 private:
  double token_seconds(std::size_t sequences) const;
  double allowed(const DraftRecord& record, std::size_t generated, std::size_t sequences) const;
  StepCost cost_;
  StepCost layer_cost_;  ///< Of a pass of the draft layer, by its tokens.
  bool eager_;
};

}  // namespace hadal
