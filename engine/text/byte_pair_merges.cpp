#include "text/byte_pair_merges.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace hadal {
namespace {

// Words are short: up to here a scan of all pairs beats a heap.
constexpr std::size_t short_piece = 48;

constexpr std::uint64_t key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

template <class T>
void erase_at(T* from, std::size_t at, std::size_t size) {
  std::memmove(from + at, from + at + 1, (size - at - 1) * sizeof(T));
}

}  // namespace

void BytePairMerges::grow() {
  std::vector<Merge> old = std::move(slots_);
  slots_.assign(2 * old.size(), no_merge);
  for (const Merge& merge : old) {
    if (merge.pair != no_pair) slots_[slot(merge.pair)] = merge;
  }
}

std::size_t BytePairMerges::slot(std::uint64_t pair) const {
  const std::size_t mask = slots_.size() - 1;
  // Fibonacci hashing (Knuth, TAOCP 3, 6.4): 2^64 / golden ratio; the high bits are the mixed ones.
  std::size_t at = (pair * 0x9E3779B97F4A7C15U >> 24) & mask;
  while (slots_[at].pair != no_pair && slots_[at].pair != pair) at = (at + 1) & mask;
  return at;
}

void BytePairMerges::add(TokenId left, TokenId right, std::uint32_t rank, TokenId merged) {
  if (2 * (used_ + 1) > slots_.size()) grow();
  Merge& place = slots_[slot(key(left, right))];
  if (place.pair != no_pair) return;
  place = {key(left, right), rank, merged};
  ++used_;
}

const BytePairMerges::Merge& BytePairMerges::find(TokenId left, TokenId right) const {
  return slots_[slot(key(left, right))];
}

Result<void> BytePairMerges::load(const Checkpoint& file, const std::function<TokenId(std::string_view)>& find) {
  const auto merges = file.strings("tokenizer.ggml.merges");
  if (!merges) return merges.error();
  for (std::size_t rank = 0; rank < merges->size(); ++rank) {
    const std::string_view merge = (*merges)[rank];
    const auto wrong = [&](std::string_view how) {
      return file.error(ErrorCode::invalid_file, concat("metadata tokenizer.ggml.merges: element ", rank, ", \"",
                                                        printable(merge), "\", ", how));
    };
    // A space cannot be part of a side: the spellings write it as another character.
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size()) return wrong("is no pair.");
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    const std::string whole = concat(left, right);
    const TokenId ids[] = {find(left), find(right), find(whole)};
    const std::string_view names[] = {left, right, whole};
    const auto missing = std::ranges::find_if(ids, [](TokenId id) { return id < 0; });
    if (missing != std::end(ids)) {
      return wrong(concat("needs the token \"", printable(names[missing - std::begin(ids)]),
                          "\", which is not in tokenizer.ggml.tokens."));
    }
    add(ids[0], ids[1], static_cast<std::uint32_t>(rank), ids[2]);
  }
  return {};
}

void BytePairMerges::apply(std::vector<TokenId>& tokens, std::size_t begin) const {
  if (tokens.size() - begin <= short_piece) {
    apply_short(tokens, begin);
  } else {
    apply_long(tokens, begin);
  }
}

void BytePairMerges::apply_short(std::vector<TokenId>& tokens, std::size_t begin) const {
  std::array<std::uint32_t, short_piece> ranks;  // of tokens i and i + 1
  std::array<TokenId, short_piece> merged;
  TokenId* const token = tokens.data() + begin;
  std::size_t count = tokens.size() - begin;
  const auto look_up = [&](std::size_t i) {
    const Merge& merge = find(token[i], token[i + 1]);
    ranks[i] = merge.rank;
    merged[i] = merge.merged;
  };
  for (std::size_t i = 0; i + 1 < count; ++i) look_up(i);
  while (count > 1) {
    const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(count) - 1;
    const auto lowest = std::min_element(ranks.begin(), end);
    if (*lowest == no_merge.rank) break;
    const auto best = static_cast<std::size_t>(lowest - ranks.begin());
    token[best] = merged[best];
    erase_at(token, best + 1, count);
    erase_at(ranks.data(), best, count - 1);
    erase_at(merged.data(), best, count - 1);
    --count;
    if (best + 1 < count) look_up(best);
    if (best > 0) look_up(best - 1);
  }
  tokens.resize(begin + count);
}

void BytePairMerges::apply_long(std::vector<TokenId>& tokens, std::size_t begin) const {
  // The tokens linked into a list by index, and a heap of merges that were possible when they were pushed, as
  // rank << 32 | index of the left side: one whose rank is no longer that of the pair there is out of date.
  struct Node {
    std::uint32_t previous, next;
  };
  TokenId* const token = tokens.data() + begin;
  const auto count = static_cast<std::uint32_t>(tokens.size() - begin);
  constexpr std::uint32_t none = UINT32_MAX;
  std::vector<Node> nodes(count);
  for (std::uint32_t i = 0; i < count; ++i) nodes[i] = {i == 0 ? none : i - 1, i + 1 == count ? none : i + 1};

  std::vector<std::uint64_t> heap;  // its top is the least
  const auto candidate = [&](std::uint32_t left) {
    const Merge& merge = find(token[left], token[nodes[left].next]);
    if (merge.pair != no_pair) heap.push_back(std::uint64_t{merge.rank} << 32 | left);
    return merge.pair != no_pair;
  };
  for (std::uint32_t i = 0; i + 1 < count; ++i) candidate(i);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const auto rank = static_cast<std::uint32_t>(heap.back() >> 32), left = static_cast<std::uint32_t>(heap.back());
    heap.pop_back();
    const std::uint32_t right = nodes[left].next;
    if (token[left] < 0 || right == none) continue;
    const Merge& merge = find(token[left], token[right]);
    if (merge.pair == no_pair || merge.rank != rank) continue;
    token[left] = merge.merged;
    token[right] = -1;
    nodes[left].next = nodes[right].next;
    if (nodes[left].next != none) {
      nodes[nodes[left].next].previous = left;
      if (candidate(left)) std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
    if (nodes[left].previous != none && candidate(nodes[left].previous)) {
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
  }
  tokens.erase(std::remove(tokens.begin() + static_cast<std::ptrdiff_t>(begin), tokens.end(), -1), tokens.end());
}

}  // namespace hadal
