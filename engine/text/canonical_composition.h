#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/canonical_composition_table.h"

namespace hadal {

/// Unicode's normalisation form C (UAX 15): letters and their marks as one character where there is one. Immutable; any
/// thread.
class CanonicalComposition {
 public:
  CanonicalComposition();

  /// Bytes that are no UTF-8 stay as they are, and nothing combines across them. O(n log n).
  std::string apply(std::string_view text) const;

 private:
  using Points = std::vector<std::uint32_t>;
  bool settled(std::uint32_t point) const;
  std::uint8_t combining_class(std::uint32_t point) const;
  void decompose(std::uint32_t point, Points& out) const;
  void put_in_order(Points& points) const;
  void compose(Points& points) const;
  /// 0 where the two do not become one.
  std::uint32_t composite(std::uint32_t first, std::uint32_t second) const;
  void rewrite(std::string_view stretch, std::string& out) const;

  std::vector<bool> unsettled_;  ///< By character: may change or join the one before it. Beyond its size: none does.
  std::vector<CanonicalPair> composing_;  ///< By first and second.
};

}  // namespace hadal
