#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/dtype.h"

namespace hadal {

/// The numbers of a generator (xoshiro256++, Blackman and Vigna 2019) whose state is spread from one key by SplitMix64
/// (Steele et al. 2014): every key gives a sequence of its own.
class RandomWords {
 public:
  explicit RandomWords(std::uint64_t key);
  std::uint64_t next();
  void fill(std::span<std::byte> bytes);

 private:
  std::uint64_t state_[4];
};

/// One key of several numbers.
std::uint64_t mixed_key(std::uint64_t seed, std::uint64_t number);

/// Random weights in a type's own blocks, made directly and not by quantising floats: valid blocks, whose codes are
/// spread over their whole range and whose weights have mean 0 and a given variance. Immutable; any thread.
class RandomBlocks {
 public:
  /// `type`: one that the operations read.
  RandomBlocks(DType type, float variance);

  /// `out` is a whole number of blocks; the same key gives the same bytes.
  void fill(std::uint64_t key, std::span<std::byte> out) const;

 private:
  DType type_;
  std::vector<std::uint16_t> scales_;  ///< binary16, some to choose from
  std::vector<std::uint16_t> minima_;  ///< binary16, one for each scale where the type has a minimum
  std::vector<float> floats_;          ///< Quantiles of the normal distribution, for F32...
  std::vector<std::uint16_t> halves_;  ///< ... or as 16-bit floats.
};

}  // namespace hadal
