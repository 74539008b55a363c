#include "runtime/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hadal {
namespace {

TokenId highest(std::span<const float> logits) {
  TokenId best = -1;
  float value = 0.0F;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i]) || (best >= 0 && logits[i] <= value)) continue;
    best = static_cast<TokenId>(i);
    value = logits[i];
  }
  return best;
}

}  // namespace

Random::Random(std::uint64_t seed) {
  advance();
  state_ += seed;
  advance();
}

void Random::advance() {
  // PCG's default 128-bit multiplier and stream (pcg-c, pcg_variants.h).
  const Wide multiplier = static_cast<Wide>(2549297995355413924ULL) << 64 | 4865540595714422341ULL;
  const Wide stream = static_cast<Wide>(6364136223846793005ULL) << 64 | 1442695040888963407ULL;
  state_ = state_ * multiplier + stream;
}

std::uint64_t Random::next() {
  advance();
  const auto high = static_cast<std::uint64_t>(state_ >> 64), low = static_cast<std::uint64_t>(state_);
  return std::rotr(high ^ low, static_cast<int>(high >> 58));
}

TokenId Sampler::sample(std::span<const float> logits) {
  if (options_.temperature <= 0.0F) return highest(logits);
  collect(logits);
  if (candidates_.empty()) return -1;
  keep_top_k();
  const double total = to_probabilities();
  return draw(keep_nucleus(total));
}

void Sampler::collect(std::span<const float> logits) {
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isnan(logits[i])) candidates_.push_back({logits[i], static_cast<TokenId>(i)});
  }
}

void Sampler::keep_top_k() {
  const auto k = static_cast<std::size_t>(std::max(options_.top_k, 0));
  if (k == 0 || k >= candidates_.size()) return;
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.value != b.value ? a.value > b.value : a.id < b.id;
  };
  const auto kth = candidates_.begin() + static_cast<std::ptrdiff_t>(k);
  std::nth_element(candidates_.begin(), kth, candidates_.end(), better);
  candidates_.resize(k);
  // nth_element leaves the kept ones in no defined order; the draw must not depend on it.
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
}

double Sampler::to_probabilities() {
  float top = -INFINITY;
  for (const Candidate& candidate : candidates_) top = std::max(top, candidate.value);
  double total = 0.0;
  for (Candidate& candidate : candidates_) {
    // An infinite highest logit wins alone; infinity - infinity would not be a number.
    candidate.value = candidate.value == top ? 1.0F : std::exp((candidate.value - top) / options_.temperature);
    total += static_cast<double>(candidate.value);
  }
  return total;
}

double Sampler::keep_nucleus(double total) {
  if (options_.top_p >= 1.0F) return total;
  const double wanted = total * static_cast<double>(std::max(options_.top_p, 0.0F));
  const auto worse = [](const Candidate& a, const Candidate& b) {
    return a.value != b.value ? a.value < b.value : a.id > b.id;
  };
  // A heap gives the likeliest first without sorting the whole vocabulary; they gather at the back.
  std::make_heap(candidates_.begin(), candidates_.end(), worse);
  auto end = candidates_.end();
  double kept = 0.0;
  do {
    std::pop_heap(candidates_.begin(), end--, worse);
    kept += static_cast<double>(end->value);
  } while (kept < wanted && end != candidates_.begin());
  candidates_.erase(candidates_.begin(), end);
  return kept;
}

TokenId Sampler::draw(double total) {
  double rest = random_.uniform() * total;
  for (const Candidate& candidate : candidates_) {
    rest -= static_cast<double>(candidate.value);
    if (rest < 0.0) return candidate.id;
  }
  // Rounding may leave a last crumb of the total.
  return candidates_.back().id;
}

}  // namespace hadal
