#include "runtime/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "runtime/vocabulary_scan.h"

namespace hadal {
namespace {

/// Candidates are this far below the likeliest at most, in units of the temperature: e^-40 = 4e-18.
constexpr float kReach = 40.0F;

/// Vocabularies beyond this many tokens are scanned for what the next steps need before candidates are made of them.
constexpr std::size_t kMany = 4096;

/// A nucleus is looked for among tokens of at least this weight first, the likeliest weighing 1; ln of it.
constexpr float kLikely = 1e-4F, kLikelyExponent = -9.2103404F;

/// Makes the logits of tokens whose bits are not set no numbers; words that are missing are zero.
void forbid_others(std::span<const std::uint64_t> allowed, std::span<float> logits) {
  constexpr float forbidden = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t first = 0; first < logits.size(); first += 64) {
    const std::uint64_t word = first / 64 < allowed.size() ? allowed[first / 64] : 0;
    const auto part = logits.subspan(first, std::min<std::size_t>(64, logits.size() - first));
    if (word == 0) {
      std::ranges::fill(part, forbidden);
    } else if (~word != 0) {
      for (std::size_t i = 0; i < part.size(); ++i) part[i] = word >> i & 1 ? part[i] : forbidden;
    }
  }
}

Error outside(std::string_view what, std::string_view range) {
  return {ErrorCode::invalid_argument, concat("The sampling option ", what, " must be ", range, ".")};
}

}  // namespace

Result<void> Sampler::check(const SamplingOptions& o, std::int32_t vocabulary) {
  const auto inside = [](float value, float least, float most) { return value >= least && value <= most; };
  if (!inside(o.temperature, 0.0F, 1e4F)) return outside("temperature", "from 0 to 10000");
  if (!inside(o.repetition_penalty, 1e-3F, 1e3F)) return outside("repetition_penalty", "from 0.001 to 1000");
  if (!inside(o.frequency_penalty, -1e3F, 1e3F)) return outside("frequency_penalty", "from -1000 to 1000");
  if (!inside(o.presence_penalty, -1e3F, 1e3F)) return outside("presence_penalty", "from -1000 to 1000");
  if (o.penalty_window < 0) return outside("penalty_window", "0 or more");
  if (o.top_k < 0) return outside("top_k", "0 or more");
  if (!inside(o.top_p, 0.0F, 1.0F)) return outside("top_p", "from 0 to 1");
  if (!inside(o.min_p, 0.0F, 1.0F)) return outside("min_p", "from 0 to 1");
  if (!inside(o.typical_p, 0.0F, 1.0F)) return outside("typical_p", "from 0 to 1");
  if (o.logprobs < -1 || o.logprobs > 100) return outside("logprobs", "from -1 to 100");
  for (const auto& [token, bias] : o.logit_bias) {
    if (token < 0 || token >= vocabulary) {
      return Error{ErrorCode::invalid_argument, concat("A logit bias is for token ", token,
                                                       ", but the model's vocabulary has ", vocabulary, " tokens.")};
    }
    if (!(bias < std::numeric_limits<float>::infinity())) return outside("logit_bias", "a number, or -infinity");
  }
  return {};
}

TokenId Sampler::sample(std::span<const float> logits, const SamplingContext& context) {
  logits = adjusted(logits, context);
  const TokenId likeliest = highest_logit(logits);
  if (likeliest < 0 || options_.temperature <= 0.0F) return likeliest;
  const float top = logits[static_cast<std::size_t>(likeliest)];
  // What is no finite number is the candidates' business.
  const bool scan = logits.size() > kMany && options_.top_k == 0 && std::isfinite(top);
  if (scan && options_.top_p >= 1.0F && options_.min_p <= 0.0F && options_.typical_p >= 1.0F)
    return draw_from_all(logits, top);
  double total = scan ? collect_nucleus(logits, top) : 0.0;
  if (total <= 0.0) {
    collect(logits, top);
    keep_top_k();
    total = keep_nucleus(to_weights(top));
  }
  total = keep_min_p(total);
  total = keep_typical(total);
  return draw(total);
}

/// With bias, penalties and grammar; a token that may not be chosen becomes no number.
std::span<const float> Sampler::adjusted(std::span<const float> logits, const SamplingContext& context) {
  if (!penalties_.active() && context.allowed.empty()) return logits;
  adjusted_.assign(logits.begin(), logits.end());
  if (penalties_.active()) penalties_.apply(context.history, context.prompt_length, adjusted_);
  if (!context.allowed.empty()) forbid_others(context.allowed, adjusted_);
  return adjusted_;
}

/// The weight of every token within reach, by blocks in sums_.
double Sampler::weigh(std::span<const float> logits, float top) {
  sums_.resize((logits.size() + weight_block - 1) / weight_block);
  vocabulary_weights(logits, top, options_.temperature, top - kReach * options_.temperature, sums_);
  return std::accumulate(sums_.begin(), sums_.end(), 0.0);
}

/// A draw from the whole vocabulary, without a candidate for each of its tokens: the block first, then the token.
TokenId Sampler::draw_from_all(std::span<const float> logits, float top) {
  candidates_.clear();
  double rest = random_.uniform() * weigh(logits, top);
  std::size_t block = 0;
  while (block + 1 < sums_.size() && rest >= sums_[block]) rest -= sums_[block++];
  const float lowest = top - kReach * options_.temperature;
  TokenId last = -1;
  for (std::size_t i = block * weight_block; i < logits.size(); ++i) {
    if (!(logits[i] >= lowest)) continue;
    last = static_cast<TokenId>(i);
    rest -= static_cast<double>(std::exp((logits[i] - top) / options_.temperature));
    if (rest < 0.0) return last;
  }
  // Rounding may leave a last crumb of the total.
  return last >= 0 ? last : highest_logit(logits);
}

/// The nucleus, if there is to be one and likely tokens suffice for it; their weight, 0 if not. Most of a vocabulary is
/// far too unlikely.
double Sampler::collect_nucleus(std::span<const float> logits, float top) {
  if (options_.top_p >= 1.0F) return 0.0;
  const double wanted = weigh(logits, top) * static_cast<double>(options_.top_p);
  collect_above(logits, top + kLikelyExponent * options_.temperature);
  if (to_weights(top) < wanted) return 0.0;
  return keep_first(reach(wanted));
}

/// Every token that the later steps may keep, in the order of ids. A model is sure of most of its vocabulary that it is
/// not wanted: a bar leaves a few hundred tokens to work on where the options allow one.
void Sampler::collect(std::span<const float> logits, float top) {
  const float temperature = options_.temperature;
  float lowest = top - kReach * temperature;
  // The likeliest of all are the likeliest of the k highest, so that this commutes with top_k; a nucleus it would
  // change.
  if (options_.min_p > 0.0F && options_.top_p >= 1.0F) {
    lowest = std::max(lowest, top + temperature * (std::log(options_.min_p) - 1e-3F));
  }
  if (options_.top_k > 0) {
    for (const float distance : {3.0F, 10.0F}) {
      if (top - distance * temperature <= lowest) break;
      collect_above(logits, top - distance * temperature);
      if (candidates_.size() >= static_cast<std::size_t>(options_.top_k)) return;
    }
  }
  collect_above(logits, lowest);
}

void Sampler::collect_above(std::span<const float> logits, float bar) {
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= bar) candidates_.push_back({logits[i], 0.0F, static_cast<TokenId>(i)});
  }
}

void Sampler::keep_top_k() {
  const auto k = static_cast<std::size_t>(std::max(options_.top_k, 0));
  if (k == 0 || k >= candidates_.size()) return;
  std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(k), candidates_.end(),
                   Better());
  candidates_.resize(k);
  // nth_element leaves the kept ones in no defined order; the draw must not depend on it.
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
}

double Sampler::to_weights(float top) {
  double total = 0.0;
  for (Candidate& candidate : candidates_) {
    // An infinite highest logit wins alone; infinity - infinity would not be a number.
    candidate.weight = candidate.value == top ? 1.0F : std::exp((candidate.value - top) / options_.temperature);
    total += static_cast<double>(candidate.weight);
  }
  return total;
}

/// How many of the best candidates, which come to stand in front, weigh `mass` together; at least one. Halving by
/// nth_element costs a few passes where sorting the vocabulary would cost many.
std::size_t Sampler::reach(double mass) {
  const auto begin = candidates_.begin();
  auto first = begin, last = candidates_.end();
  double wanted = mass;
  while (last - first > 32) {
    const auto middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, Better());
    double weight = 0.0;
    for (auto at = first; at != middle; ++at) weight += static_cast<double>(at->weight);
    if (weight >= wanted) {
      last = middle;
    } else {
      wanted -= weight;
      first = middle;
    }
  }
  std::sort(first, last, Better());
  while (first != last && wanted > 0.0) wanted -= static_cast<double>((first++)->weight);
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(first - begin, 1));
}

double Sampler::keep_first(std::size_t count) {
  candidates_.resize(count);
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += static_cast<double>(candidate.weight);
  return total;
}

double Sampler::keep_nucleus(double total) {
  if (options_.top_p >= 1.0F) return total;
  const double wanted = total * static_cast<double>(options_.top_p);
  // Most of a vocabulary is far too unlikely for the nucleus: look at the rest alone if that is enough.
  const auto likely = std::partition(candidates_.begin(), candidates_.end(),
                                     [](const Candidate& candidate) { return candidate.weight >= kLikely; });
  double weight = 0.0;
  for (auto at = candidates_.begin(); at != likely; ++at) weight += static_cast<double>(at->weight);
  if (weight >= wanted) candidates_.erase(likely, candidates_.end());
  return keep_first(reach(wanted));
}

double Sampler::keep_min_p(double total) {
  if (options_.min_p <= 0.0F) return total;
  // The likeliest weighs 1.
  std::erase_if(candidates_, [this](const Candidate& candidate) { return candidate.weight < options_.min_p; });
  return keep_first(candidates_.size());
}

double Sampler::keep_typical(double total) {
  if (options_.typical_p >= 1.0F) return total;
  double entropy = 0.0;
  for (const Candidate& candidate : candidates_) {
    const double p = static_cast<double>(candidate.weight) / total;
    if (p > 0.0) entropy -= p * std::log(p);
  }
  for (Candidate& candidate : candidates_) {
    const double information = -std::log(static_cast<double>(candidate.weight) / total);
    candidate.value = -static_cast<float>(std::abs(information - entropy));
  }
  const auto end =
      candidates_.begin() + static_cast<std::ptrdiff_t>(reach(total * static_cast<double>(options_.typical_p)));
  // Whoever is as typical as the last one stays as well.
  const float least = std::max_element(candidates_.begin(), end, Better())->value;
  const auto tied =
      std::partition(end, candidates_.end(), [least](const Candidate& candidate) { return candidate.value >= least; });
  return keep_first(static_cast<std::size_t>(tied - candidates_.begin()));
}

TokenId Sampler::draw(double total) {
  double rest = random_.uniform() * total;
  for (const Candidate& candidate : candidates_) {
    rest -= static_cast<double>(candidate.weight);
    if (rest < 0.0) return candidate.id;
  }
  // Rounding may leave a last crumb of the total.
  return candidates_.back().id;
}

}  // namespace hadal
