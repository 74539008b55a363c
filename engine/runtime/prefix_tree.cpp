#include "runtime/prefix_tree.h"

#include <algorithm>

namespace hadal {
namespace {

std::size_t common(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

PrefixTree::PrefixTree(std::int32_t blocks, std::size_t block_tokens)
    : block_tokens_(block_tokens), nodes_(static_cast<std::size_t>(blocks)) {}

std::vector<std::int32_t>& PrefixTree::children_of(std::int32_t parent) {
  return parent == none ? first_blocks_ : nodes_[static_cast<std::size_t>(parent)].children;
}

const std::vector<std::int32_t>& PrefixTree::children_of(std::int32_t parent) const {
  return parent == none ? first_blocks_ : node(parent).children;
}

PrefixTree::Agreement PrefixTree::nearest(std::int32_t parent, std::span<const TokenId> ids) const {
  Agreement best;
  for (const std::int32_t child : children_of(parent)) {
    const std::size_t rows = common(node(child).ids, ids);
    if (rows > best.rows) best = {child, rows};
    if (rows == block_tokens_) break;
  }
  return best;
}

PrefixTree::Match PrefixTree::find(std::span<const TokenId> ids) const {
  Match match;
  std::int32_t parent = none;
  while (true) {
    const Agreement next = nearest(parent, ids);
    if (next.rows < block_tokens_) {
      match.next = next.block;
      match.rows = next.rows;
      return match;
    }
    match.blocks.push_back(next.block);
    ids = ids.subspan(block_tokens_);
    parent = next.block;
  }
}

PrefixTree::Place PrefixTree::add(std::int32_t parent, std::int32_t block, std::span<const TokenId> ids) {
  const Agreement there = nearest(parent, ids);
  if (there.rows == ids.size()) return {there.block, none};
  std::vector<TokenId> tokens(ids.begin(), ids.end());
  children_of(parent).push_back(block);
  nodes_[static_cast<std::size_t>(block)].ids = std::move(tokens);
  nodes_[static_cast<std::size_t>(block)].parent = parent;
  const bool shorter = there.block != none && there.rows == node(there.block).ids.size();
  return {block, shorter ? there.block : none};
}

void PrefixTree::remove(std::int32_t block) {
  Node& gone = nodes_[static_cast<std::size_t>(block)];
  std::erase(children_of(gone.parent), block);
  gone.parent = none;
  gone.ids.clear();
}

}  // namespace hadal
