#pragma once

#include <cstdint>
#include <span>

namespace hadal {

/// A character and what it is made of (Unicode Character Database, UnicodeData.txt, canonical decompositions).
struct CanonicalPair {
  std::uint32_t whole;
  std::uint32_t first;
  std::uint32_t second;  ///< 0 where `whole` is only another name of `first`.
  bool composes;         ///< Whether first and second become `whole` again (UAX 15, primary composite).
};

/// Characters from `first` to `last` that stand after the one they combine with, in the order of their class.
struct CombiningRange {
  std::uint32_t first;
  std::uint32_t last;
  std::uint8_t combining_class;  ///< Canonical_Combining_Class, 1 to 254.
};

/// By `whole`, ascending; Hangul, which is computed, is left out.
std::span<const CanonicalPair> canonical_pairs();
/// Ascending and apart.
std::span<const CombiningRange> combining_ranges();

}  // namespace hadal
