#pragma once

#include <cstdint>

namespace hadal::ops {

/// Attention's vectors meet as 16-bit integers: x = scale * codes, rounded so that the codes' Euclidean norm is
/// kCodeNorm. No sum of products of two such vectors then leaves 32 bits (Cauchy-Schwarz), all sums are exact, and so
/// the results are the same in whatever order and company they are computed. An element errs by half a code: of a
/// vector of 512 elements, by about what binary16 does. The cache holds keys and values so (KvLayerView).
inline constexpr float kCodeNorm = 32000.0F;

/// Elements that are rounded together at most; what holds codes is padded to it.
inline constexpr std::int64_t kMostGroup = 32;

/// Words (of two codes) that hold a vector of `size` elements on any target.
constexpr std::int64_t rounded_words(std::int64_t size) {
  return (size + kMostGroup - 1) / kMostGroup * (kMostGroup / 2);
}

/// Floats that a vector of `size` elements takes where whole groups are written.
constexpr std::int64_t padded_size(std::int64_t size) {
  return 2 * rounded_words(size);
}

}  // namespace hadal::ops
