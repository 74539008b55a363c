#include "runtime/random.h"

#include <bit>

namespace hadal {

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

}  // namespace hadal
