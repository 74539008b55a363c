#include "text/special_tokens.h"

namespace hadal {

std::int32_t SpecialTokens::child(std::int32_t node, char byte) const {
  std::int32_t at = nodes_[static_cast<std::size_t>(node)].child;
  while (at >= 0 && nodes_[static_cast<std::size_t>(at)].byte != byte)
    at = nodes_[static_cast<std::size_t>(at)].sibling;
  return at;
}

void SpecialTokens::add(std::string_view spelling, TokenId id, bool always) {
  if (spelling.empty()) return;
  starts_[static_cast<std::uint8_t>(spelling[0])] = true;
  std::int32_t at = 0;
  for (const char byte : spelling) {
    std::int32_t next = child(at, byte);
    if (next < 0) {
      next = static_cast<std::int32_t>(nodes_.size());
      Node& parent = nodes_[static_cast<std::size_t>(at)];
      const Node fresh{-1, false, -1, parent.child, byte};
      parent.child = next;
      nodes_.push_back(fresh);
    }
    at = next;
  }
  Node& end = nodes_[static_cast<std::size_t>(at)];
  if (end.id >= 0) return;
  end.id = id;
  end.always = always;
}

SpecialTokens::Match SpecialTokens::find(std::string_view text, std::size_t from, bool parse_special) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    if (!starts_[static_cast<std::uint8_t>(text[begin])]) continue;
    Match match;
    std::int32_t node = 0;
    for (std::size_t at = begin; at < text.size(); ++at) {
      node = child(node, text[at]);
      if (node < 0) break;
      const Node& here = nodes_[static_cast<std::size_t>(node)];
      if (here.id >= 0 && (parse_special || here.always)) match = {begin, at - begin + 1, here.id};
    }
    if (match.id >= 0) return match;
  }
  return {};
}

}  // namespace hadal
