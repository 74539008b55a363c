#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Which blocks of the KV cache hold which texts: a radix tree whose edges are blocks. A block's place says what comes
/// before it, so texts that begin alike share the blocks of their beginning. A block that is not full has no children.
class PrefixTree {
 public:
  static constexpr std::int32_t none = -1;

  PrefixTree(std::int32_t blocks, std::size_t block_tokens);

  struct Match {
    std::vector<std::int32_t> blocks;  ///< Full ones, all of whose tokens the text begins with.
    std::int32_t next = none;          ///< A block behind them that begins as the text goes on ...
    std::size_t rows = 0;              ///< ... for so many tokens.
  };
  Match find(std::span<const TokenId> ids) const;

  struct Place {
    std::int32_t block = none;       ///< That holds the tokens: the one given, or one that was there.
    std::int32_t superseded = none;  ///< A block, still in the tree, that holds only the first few of them.
  };
  /// Puts `block` behind `parent` (none: the beginning), unless a block there begins with all of `ids`.
  Place add(std::int32_t parent, std::int32_t block, std::span<const TokenId> ids);

  bool holds(std::int32_t block) const { return !node(block).ids.empty(); }
  /// Of a block without children.
  void remove(std::int32_t block);

 private:
  struct Node {
    std::int32_t parent = none;
    std::vector<std::int32_t> children;
    std::vector<TokenId> ids;  ///< At most block_tokens_; empty: not in the tree.
  };
  const Node& node(std::int32_t block) const { return nodes_[static_cast<std::size_t>(block)]; }
  std::vector<std::int32_t>& children_of(std::int32_t parent);
  const std::vector<std::int32_t>& children_of(std::int32_t parent) const;
  struct Agreement {
    std::int32_t block = none;
    std::size_t rows = 0;
  };
  /// Of those behind `parent` the one that agrees longest with `ids`, and for how many tokens.
  Agreement nearest(std::int32_t parent, std::span<const TokenId> ids) const;

  std::size_t block_tokens_;
  std::vector<Node> nodes_;                 ///< By block.
  std::vector<std::int32_t> first_blocks_;  ///< Children of the root.
};

}  // namespace hadal
