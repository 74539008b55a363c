#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Finds the spellings of tokens that stand for themselves in a text: the leftmost first, the longest of those that
/// begin at the same place. A trie over bytes; immutable once built.
class SpecialTokens {
 public:
  /// `always`: found also where only tokens of a text's own are wanted (user-defined ones).
  void add(std::string_view spelling, TokenId id, bool always);

  struct Match {
    std::size_t begin = std::string_view::npos;  ///< npos: none.
    std::size_t length = 0;
    TokenId id = -1;
  };
  /// The first match at or after `from`.
  Match find(std::string_view text, std::size_t from, bool parse_special) const;

 private:
  struct Node {
    TokenId id = -1;
    bool always = false;
    std::int32_t child = -1;    ///< First child.
    std::int32_t sibling = -1;  ///< Next child of the parent.
    char byte = 0;
  };
  std::int32_t child(std::int32_t node, char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::array<bool, 256> starts_{};  ///< Bytes that some spelling begins with.
};

}  // namespace hadal
