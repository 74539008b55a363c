#include "text/grammar/vocabulary.h"

#include <algorithm>
#include <limits>

namespace hadal::grammar {
namespace {

/// Longer pieces are no text anybody writes; the trie's depth is 16 bits.
constexpr std::size_t kLongestPiece = 4096;

}  // namespace

Vocabulary::Vocabulary(const Tokenizer& tokenizer) {
  add_pieces(tokenizer);
  build_trie();
  const StringAutomaton& strings = string_automaton();
  for (std::uint8_t state = string_state::between; state < string_state::count; ++state) {
    bool finishable = true;
    for (std::uint8_t at = state; at != string_state::between; at = strings.next[at][strings.nearest[at]]) {
      finishable = finishable && single_[strings.nearest[at]];
    }
    finishable_[state] = finishable;
  }
  for (std::uint8_t state = string_state::between; state < string_state::count; ++state) walk_string(state);
}

void Vocabulary::add_pieces(const Tokenizer& tokenizer) {
  const auto count = static_cast<std::size_t>(std::max(tokenizer.vocabulary_size(), 0));
  spans_.resize(count);
  same_.assign(count, -1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TokenId>(i);
    if (tokenizer.is_end(id)) {
      ends_.push_back(id);
      continue;
    }
    if (tokenizer.is_control(id)) continue;
    const std::string piece = tokenizer.piece(id);
    if (piece.size() > kLongestPiece || text_.size() + piece.size() > std::numeric_limits<std::uint32_t>::max())
      continue;
    spans_[i] = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(piece.size())};
    text_ += piece;
    if (piece.size() == 1) single_[static_cast<std::uint8_t>(piece[0])] = true;
  }
}

void Vocabulary::build_trie() {
  std::vector<TokenId> order;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (spans_[i].length > 0) order.push_back(static_cast<TokenId>(i));
  }
  std::ranges::sort(order, [this](TokenId a, TokenId b) {
    const int difference = bytes(a).compare(bytes(b));
    return difference != 0 ? difference < 0 : a < b;
  });
  nodes_.push_back({});
  std::vector<std::uint32_t> path{0};  // nodes from the root to the last one added
  std::string_view before;
  for (const TokenId token : order) {
    const std::string_view text = bytes(token);
    if (text == before) {
      TokenId last = nodes_[path.back()].token;
      while (same_[static_cast<std::size_t>(last)] >= 0) last = same_[static_cast<std::size_t>(last)];
      same_[static_cast<std::size_t>(last)] = token;
      continue;
    }
    const auto shared = static_cast<std::size_t>(std::ranges::mismatch(before, text).in1 - before.begin());
    for (; path.size() > shared + 1; path.pop_back())
      nodes_[path.back()].end = static_cast<std::uint32_t>(nodes_.size());
    for (std::size_t i = shared; i < text.size(); ++i) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back({0, -1, static_cast<std::uint16_t>(i + 1), static_cast<std::uint8_t>(text[i])});
    }
    nodes_.back().token = token;
    deepest_ = std::max(deepest_, nodes_.back().depth);
    before = text;
  }
  for (const std::uint32_t node : path) nodes_[node].end = static_cast<std::uint32_t>(nodes_.size());
}

std::string_view Vocabulary::bytes(TokenId token) const {
  if (token < 0 || token >= size()) return {};
  const Span& span = spans_[static_cast<std::size_t>(token)];
  return std::string_view(text_).substr(span.offset, span.length);
}

bool Vocabulary::is_end(TokenId token) const {
  return std::ranges::binary_search(ends_, token);
}

void Vocabulary::walk_string(std::uint8_t first) {
  using namespace string_state;
  const StringAutomaton& strings = string_automaton();
  StringTokens& out = strings_[first];
  out.inside_mask.assign(mask_words(), 0);
  struct Place {
    std::uint8_t state = between;
    std::uint32_t characters = 0;
  };
  std::vector<Place> path{{first, 0}};
  const auto each = [this](TokenId token, const auto& add) {
    for (; token >= 0; token = same_as(token)) add(token);
  };
  for (std::uint32_t i = 1; i < nodes_.size();) {
    const Node& node = nodes_[i];
    path.resize(node.depth);
    Place place = path.back();
    const std::uint8_t before = place.state;
    place.state = strings.next[before][node.byte];
    if (place.state == dead || place.state == closed) {
      if (place.state == closed) {
        each(node.token, [&](TokenId token) {
          out.closing.push_back({place.characters, static_cast<std::uint32_t>(token)});
        });
        if (node.end > i + 1) out.closed_nodes.push_back({place.characters, i});
      }
      i = node.end;
      continue;
    }
    if (place.state == between) ++place.characters;
    path.push_back(place);
    if (finishable_[place.state]) {
      each(node.token, [&](TokenId token) {
        out.inside.push_back({place.characters + (place.state != between), static_cast<std::uint32_t>(token)});
        out.inside_mask[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << token % 64;
      });
    }
    ++i;
  }
  std::ranges::stable_sort(out.inside, {}, &StringTokens::Counted::characters);
}

}  // namespace hadal::grammar
