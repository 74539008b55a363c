#include "base/checksum.h"

#include <bit>
#include <cstring>

namespace hadal {
namespace {

/// As many as keep the multiplier busy, whose result comes after three or four cycles.
constexpr std::size_t kLanes = 8, kStripe = kLanes * sizeof(std::uint64_t);

/// Odd, so that multiplying by it can be undone: 2^64 over the golden ratio (Knuth, TAOCP 3, section 6.4).
constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15ULL;

/// The finaliser of SplitMix64 (Steele et al. 2014), which can be undone.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

struct Lanes {
  std::uint64_t lane[kLanes];

  /// Each step can be undone if the word is known, and if the lane is: so no two words lead from one state to the same.
  void add(const std::byte* stripe) {
    std::uint64_t words[kLanes];
    std::memcpy(words, stripe, kStripe);
    for (std::size_t i = 0; i < kLanes; ++i) lane[i] = std::rotl(lane[i] ^ words[i], 29) * kFactor;
  }
};

}  // namespace

std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed) {
  Lanes lanes;
  for (std::size_t i = 0; i < kLanes; ++i) lanes.lane[i] = mixed(seed + (i + 1) * kFactor);
  const std::size_t whole = bytes.size() / kStripe * kStripe;
  for (std::size_t at = 0; at < whole; at += kStripe) lanes.add(bytes.data() + at);
  if (whole < bytes.size()) {
    std::byte rest[kStripe] = {};
    std::memcpy(rest, bytes.data() + whole, bytes.size() - whole);
    lanes.add(rest);
  }
  std::uint64_t sum = mixed(seed ^ bytes.size());
  for (const std::uint64_t lane : lanes.lane) sum = mixed(sum ^ lane) + kFactor;
  return sum;
}

}  // namespace hadal
