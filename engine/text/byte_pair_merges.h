#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "hadal/tokenizer.h"

namespace hadal {

/// Byte-pair encoding (Sennrich et al. 2016): of all adjacent pairs of tokens the one learnt first is merged first, the
/// leftmost of equal ones; until no pair is left that can be.
class BytePairMerges {
 public:
  /// The merge of `left` and `right` into `merged`. Merges of lower rank come first. Of two for one pair the one added
  /// first stays.
  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId merged);
  /// Reads tokenizer.ggml.merges, in whose elements a space stands between the sides. `find` gives the token with a
  /// spelling, -1 where there is none, which is an error: without that merge other ids would come out.
  Result<void> load(const Checkpoint& file, const std::function<TokenId(std::string_view)>& find);

  /// Merges the tokens from `begin` on. O(n log n), or O(n^2) for the few where that is faster.
  void apply(std::vector<TokenId>& tokens, std::size_t begin) const;

 private:
  struct Merge {
    std::uint64_t pair;  ///< left << 32 | right; all ones: empty.
    std::uint32_t rank;
    TokenId merged;
  };
  static constexpr std::uint64_t no_pair = UINT64_MAX;
  static constexpr Merge no_merge = {no_pair, UINT32_MAX, -1};

  /// no_merge if the pair cannot be merged.
  const Merge& find(TokenId left, TokenId right) const;
  std::size_t slot(std::uint64_t pair) const;
  void grow();
  void apply_short(std::vector<TokenId>& tokens, std::size_t begin) const;
  void apply_long(std::vector<TokenId>& tokens, std::size_t begin) const;

  std::vector<Merge> slots_ = std::vector<Merge>(2, no_merge);  ///< Open addressing; a power of two, half full at most.
  std::size_t used_ = 0;
};

}  // namespace hadal
