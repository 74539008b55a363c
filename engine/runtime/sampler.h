#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hadal/result.h"
#include "hadal/sampling.h"
#include "runtime/random.h"
#include "runtime/sampler_penalties.h"

namespace hadal {

/// What a choice depends on besides the logits.
struct SamplingContext {
  std::span<const TokenId> history{};  ///< The prompt and the answer so far.
  std::size_t prompt_length = 0;
  /// Bit i % 64 of word i / 64: token i may be chosen. Empty: any.
  std::span<const std::uint64_t> allowed{};
};

/// Chooses tokens, in the order that SamplingOptions gives.
class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options) : options_(options), penalties_(options_), random_(options.seed) {}
  Sampler(const Sampler&) = delete;  // the penalties look at the options
  Sampler& operator=(const Sampler&) = delete;

  /// A sentence for options outside their ranges, or tokens outside the vocabulary.
  static Result<void> check(const SamplingOptions& options, std::int32_t vocabulary);

  /// -1 if no logit that may be chosen is a number. Logits that are not numbers are never chosen, nor, at a
  /// temperature, tokens less than e^-40 (4e-18) times as likely as the likeliest.
  TokenId sample(std::span<const float> logits, const SamplingContext& context = {});

  struct Candidate {
    float value;   ///< Logit; under typical_p the distance from the entropy, negated.
    float weight;  ///< Probability up to a factor.
    TokenId id;
  };
  /// What the last draw at a temperature was from; empty if that was the whole of a large vocabulary.
  std::span<const Candidate> kept() const { return candidates_; }

 private:
  struct Better {
    bool operator()(const Candidate& a, const Candidate& b) const {
      return a.value != b.value ? a.value > b.value : a.id < b.id;
    }
  };
  std::span<const float> adjusted(std::span<const float> logits, const SamplingContext& context);
  double weigh(std::span<const float> logits, float top);
  TokenId draw_from_all(std::span<const float> logits, float top);
  double collect_nucleus(std::span<const float> logits, float top);
  void collect(std::span<const float> logits, float top);
  void collect_above(std::span<const float> logits, float bar);
  void keep_top_k();
  double to_weights(float top);
  double keep_nucleus(double total);
  double keep_min_p(double total);
  double keep_typical(double total);
  std::size_t reach(double mass);
  double keep_first(std::size_t count);
  TokenId draw(double total);

  SamplingOptions options_;
  Penalties penalties_;
  Random random_;
  std::vector<Candidate> candidates_;  ///< Kept between calls for its memory.
  std::vector<float> adjusted_;        ///< Likewise.
  std::vector<double> sums_;           ///< Likewise.
};

}  // namespace hadal
