#pragma once

#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "text/grammar/code_set.h"

namespace hadal::grammar {

/// A regular expression over code points.
struct Regex {
  enum class Kind { empty, set, sequence, choice, repeat, begin, end };
  static constexpr int unbounded = -1;

  Kind kind = Kind::empty;
  CodeSet set{};                  ///< Kind::set.
  std::vector<Regex> children{};  ///< Kind::sequence, Kind::choice; one of Kind::repeat.
  int least = 0, most = 0;        ///< Kind::repeat.
};

/// Reads the regular part of ECMA-262's syntax, as JSON Schema's `pattern` means it: literals, escapes, classes,
/// groups, choices, quantifiers (lazy ones mean the same set of texts), ^ and $. Look-arounds, back-references, word
/// boundaries and properties (\p) are refused, as are patterns longer than 16 KiB, nested deeper than 64 or with
/// repeat counts above 10,000. Errors name the place in the pattern.
Result<Regex> parse_regex(std::string_view pattern);

/// Every text that a search for `pattern` finds something in: .*(pattern).*, where ^ and $ keep their meaning.
Regex searched(Regex pattern);

}  // namespace hadal::grammar
