#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Byte-pair encoding (Sennrich et al. 2016) over bytes: of all adjacent pairs the one learnt first is merged first,
/// the leftmost of equal ones; until no pair is left that can be.
class BytePairMerges {
 public:
  /// For `merges` calls of add().
  void reserve(std::size_t merges);
  /// The merge of `left` and `right` into `merged`, learnt `rank`-th. Of two for one pair the lower rank stays.
  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId merged);
  /// The token of a single byte, -1 where the vocabulary has none: such bytes are left out.
  void set_byte(std::uint8_t byte, TokenId id) { byte_token_[byte] = id; }

  /// Appends the tokens of a piece. O(n log n), or O(n^2) for the short pieces where that is faster.
  void encode(std::string_view piece, std::vector<TokenId>& out) const;

 private:
  struct Merge {
    std::uint64_t pair;  ///< left << 32 | right; all ones: empty.
    std::uint32_t rank;
    TokenId merged;
  };
  static constexpr std::uint64_t no_pair = UINT64_MAX;

  /// Null if the pair cannot be merged.
  const Merge* find(TokenId left, TokenId right) const;
  std::size_t slot(std::uint64_t pair) const;
  void encode_short(std::vector<TokenId>& tokens) const;
  void encode_long(std::vector<TokenId>& tokens) const;

  std::array<TokenId, 256> byte_token_ = [] {
    std::array<TokenId, 256> none{};
    none.fill(-1);
    return none;
  }();
  std::vector<Merge> slots_;  ///< Open addressing; a power of two, at most half full.
};

}  // namespace hadal
