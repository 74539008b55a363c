#include "text/byte_pair_merges.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace hadal {
namespace {

// Words are short: up to here a scan of all pairs beats a heap.
constexpr std::size_t short_piece = 48;

constexpr std::uint64_t key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

void BytePairMerges::reserve(std::size_t merges) {
  slots_.assign(std::bit_ceil(2 * merges + 1), {no_pair, 0, -1});
}

std::size_t BytePairMerges::slot(std::uint64_t pair) const {
  const std::size_t mask = slots_.size() - 1;
  // Fibonacci hashing (Knuth, TAOCP 3, 6.4): 2^64 / golden ratio; the high bits are the mixed ones.
  std::size_t at = (pair * 0x9E3779B97F4A7C15U >> 24) & mask;
  while (slots_[at].pair != no_pair && slots_[at].pair != pair) at = (at + 1) & mask;
  return at;
}

void BytePairMerges::add(TokenId left, TokenId right, std::uint32_t rank, TokenId merged) {
  Merge& place = slots_[slot(key(left, right))];
  if (place.pair == no_pair) place = {key(left, right), rank, merged};
}

const BytePairMerges::Merge* BytePairMerges::find(TokenId left, TokenId right) const {
  if (slots_.empty()) return nullptr;
  const Merge& merge = slots_[slot(key(left, right))];
  return merge.pair == no_pair ? nullptr : &merge;
}

void BytePairMerges::encode(std::string_view piece, std::vector<TokenId>& out) const {
  std::vector<TokenId> tokens;
  tokens.reserve(piece.size());
  for (const char c : piece) {
    const TokenId token = byte_token_[static_cast<std::uint8_t>(c)];
    if (token >= 0) tokens.push_back(token);
  }
  if (tokens.size() <= short_piece) {
    encode_short(tokens);
  } else {
    encode_long(tokens);
  }
  out.insert(out.end(), tokens.begin(), tokens.end());
}

void BytePairMerges::encode_short(std::vector<TokenId>& tokens) const {
  std::array<const Merge*, short_piece> merges{};  // of tokens i and i + 1
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) merges[i] = find(tokens[i], tokens[i + 1]);
  while (tokens.size() > 1) {
    std::size_t best = tokens.size();
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (merges[i] != nullptr && (best == tokens.size() || merges[i]->rank < merges[best]->rank)) best = i;
    }
    if (best == tokens.size()) return;
    tokens[best] = merges[best]->merged;
    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    std::copy(merges.begin() + static_cast<std::ptrdiff_t>(best) + 1,
              merges.begin() + static_cast<std::ptrdiff_t>(tokens.size()) + 1,
              merges.begin() + static_cast<std::ptrdiff_t>(best));
    if (best + 1 < tokens.size()) merges[best] = find(tokens[best], tokens[best + 1]);
    if (best > 0) merges[best - 1] = find(tokens[best - 1], tokens[best]);
  }
}

void BytePairMerges::encode_long(std::vector<TokenId>& tokens) const {
  // A list of tokens linked by index, and a heap of the merges that were possible when they were pushed: one that
  // names another pair than the list holds by now is out of date and dropped.
  struct Node {
    std::uint32_t previous, next;
  };
  struct Candidate {
    std::uint32_t rank, left, right;
    std::uint64_t pair;
    TokenId merged;
    bool operator<(const Candidate& other) const {  // the heap's top is its greatest
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  const auto count = static_cast<std::uint32_t>(tokens.size());
  constexpr std::uint32_t none = UINT32_MAX;
  std::vector<Node> nodes(count);
  for (std::uint32_t i = 0; i < count; ++i) nodes[i] = {i == 0 ? none : i - 1, i + 1 == count ? none : i + 1};

  std::vector<Candidate> heap;
  const auto candidate = [&](std::uint32_t left, std::uint32_t right) {
    const Merge* merge = find(tokens[left], tokens[right]);
    if (merge != nullptr) heap.push_back({merge->rank, left, right, merge->pair, merge->merged});
    return merge != nullptr;
  };
  for (std::uint32_t i = 0; i + 1 < count; ++i) candidate(i, i + 1);
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    const auto [left, right] = std::pair(best.left, best.right);
    if (tokens[right] < 0 || nodes[left].next != right || key(tokens[left], tokens[right]) != best.pair) continue;
    tokens[left] = best.merged;
    tokens[right] = -1;
    nodes[left].next = nodes[right].next;
    if (nodes[left].next != none) {
      nodes[nodes[left].next].previous = left;
      if (candidate(left, nodes[left].next)) std::push_heap(heap.begin(), heap.end());
    }
    if (nodes[left].previous != none && candidate(nodes[left].previous, left)) std::push_heap(heap.begin(), heap.end());
  }
  std::erase(tokens, -1);
}

}  // namespace hadal
