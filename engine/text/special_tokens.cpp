#include "text/special_tokens.h"

namespace hadal {

std::int32_t SpecialTokens::child(std::int32_t node, char byte) const {
  if (node == root) return first_[static_cast<std::uint8_t>(byte)];
  std::int32_t next = at(node).child;
  while (next >= 0 && at(next).byte != byte) next = at(next).sibling;
  return next;
}

void SpecialTokens::add(std::string_view spelling, TokenId id, bool always) {
  if (spelling.empty()) return;
  std::int32_t node = root;
  for (const char byte : spelling) {
    std::int32_t next = child(node, byte);
    if (next < 0) {
      next = static_cast<std::int32_t>(nodes_.size());
      std::int32_t& place =
          node == root ? first_[static_cast<std::uint8_t>(byte)] : nodes_[static_cast<std::size_t>(node)].child;
      const Node fresh{-1, false, byte, -1, place};
      place = next;
      nodes_.push_back(fresh);
    }
    node = next;
  }
  Node& end = nodes_[static_cast<std::size_t>(node)];
  if (end.id >= 0) return;
  end.id = id;
  end.always = always;
}

SpecialTokens::Match SpecialTokens::find(std::string_view text, std::size_t from, bool parse_special) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    if (first_[static_cast<std::uint8_t>(text[begin])] < 0) continue;
    Match match;
    std::int32_t node = root;
    for (std::size_t i = begin; i < text.size(); ++i) {
      node = child(node, text[i]);
      if (node < 0) break;
      if (at(node).id >= 0 && (parse_special || at(node).always)) match = {begin, i - begin + 1, at(node).id};
    }
    if (match.id >= 0) return match;
  }
  return {};
}

TokenId SpecialTokens::exact(std::string_view spelling) const {
  std::int32_t node = root;
  for (const char byte : spelling) {
    node = child(node, byte);
    if (node < 0) return -1;
  }
  return at(node).id;
}

}  // namespace hadal
