#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Finds the spellings of tokens that stand for themselves in a text: the leftmost first, the longest of those that
/// begin at the same place. A trie over bytes; immutable once built.
///
/// White space next to a token is never taken with it. Hugging Face's added tokens may ask for that (lstrip, rstrip;
/// Phi-3's turn tokens do), but GGUF has no field for it, and to guess it by a model's name would be wrong as often as
/// right: templates of models that were trained so can leave the white space out.
class SpecialTokens {
 public:
  /// Bytes of the longest spelling: it bounds the time a hostile vocabulary can make find() take for a byte of text.
  static constexpr std::size_t max_length = 256;

  /// `always`: found also where only tokens of a text's own are wanted (user-defined ones). An empty spelling is never
  /// found; of several tokens with one spelling the first is.
  void add(std::string_view spelling, TokenId id, bool always);

  struct Match {
    std::size_t begin = std::string_view::npos;  ///< npos: none.
    std::size_t length = 0;
    TokenId id = -1;
  };
  /// The first match at or after `from`.
  Match find(std::string_view text, std::size_t from, bool parse_special) const;
  /// The token spelled just so, -1 if there is none.
  TokenId exact(std::string_view spelling) const;

 private:
  struct Node {
    TokenId id = -1;
    bool always = false;
    char byte = 0;
    std::int32_t child = -1;    ///< First child.
    std::int32_t sibling = -1;  ///< Next child of the parent.
  };
  static constexpr std::int32_t root = 0;
  const Node& at(std::int32_t node) const { return nodes_[static_cast<std::size_t>(node)]; }
  std::int32_t child(std::int32_t node, char byte) const;

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::array<std::int32_t, 256> first_ = [] {  ///< The root's children by their byte; -1: none.
    std::array<std::int32_t, 256> none{};
    none.fill(-1);
    return none;
  }();
};

}  // namespace hadal
