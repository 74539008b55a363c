#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"
#include "text/grammar/json_string.h"

namespace hadal::grammar {

/// Every token that is text, as a trie over bytes in the order of a walk: a node's descendants follow it up to `end`,
/// so that a walk that skips a subtree jumps. Also which tokens go on inside a JSON string, from each of its states.
/// Immutable; any thread.
class Vocabulary {
 public:
  explicit Vocabulary(const Tokenizer& tokenizer);

  struct Node {
    std::uint32_t end = 0;  ///< One past the last descendant.
    TokenId token = -1;     ///< -1: no token ends here. Others of the same bytes follow by same_as().
    std::uint16_t depth = 0;
    std::uint8_t byte = 0;
  };
  /// The first is the root.
  std::span<const Node> nodes() const { return nodes_; }
  /// Of a node.
  std::uint16_t deepest() const { return deepest_; }
  /// The next token with the same bytes, or -1.
  TokenId same_as(TokenId token) const { return same_[static_cast<std::size_t>(token)]; }
  std::string_view bytes(TokenId token) const;
  std::int32_t size() const { return static_cast<std::int32_t>(spans_.size()); }
  std::size_t mask_words() const { return (spans_.size() + 63) / 64; }
  std::span<const TokenId> end_tokens() const { return ends_; }
  bool is_end(TokenId token) const;
  /// Whether a token of this one byte exists.
  bool has_byte(std::uint8_t byte) const { return single_[byte]; }

  /// Tokens from one state inside a JSON string.
  struct StringTokens {
    struct Counted {
      std::uint32_t characters = 0;
      std::uint32_t what = 0;
    };
    /// Stay inside; `characters`: how many more the string must be allowed (one that has begun counts). Fewest first.
    std::vector<Counted> inside;
    std::vector<std::uint64_t> inside_mask;  ///< All of them.
    std::vector<Counted> closing;            ///< End with the closing quote after so many characters.
    /// Trie nodes, which have descendants, of such a quote.
    std::vector<Counted> closed_nodes;
  };
  const StringTokens& in_string(std::uint8_t state) const { return strings_[state]; }
  /// Whether single-byte tokens suffice to end the character a string's state is in.
  bool can_finish(std::uint8_t state) const { return finishable_[state]; }

 private:
  struct Span {
    std::uint32_t offset = 0, length = 0;
  };
  void add_pieces(const Tokenizer& tokenizer);
  void build_trie();
  void walk_string(std::uint8_t state);

  std::string text_;
  std::vector<Span> spans_;  ///< By token; empty for those that are not text.
  std::vector<TokenId> same_;
  std::vector<TokenId> ends_;
  std::vector<Node> nodes_;
  std::uint16_t deepest_ = 0;
  std::array<bool, 256> single_{};
  std::array<bool, string_state::count> finishable_{};
  std::array<StringTokens, string_state::count> strings_;
};

}  // namespace hadal::grammar
