#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Guesses how a text goes on by what followed when it last read the same ("prompt lookup", Saxena 2023): the longest
/// suffix of at least three tokens that occurred before, the latest of equals.
class NgramDraft {
 public:
  /// Suffixes are told apart up to this length.
  static constexpr int most_matched = 32;

  struct Guess {
    std::vector<TokenId> tokens;
    int matched = 0;  ///< Length of the suffix that occurred before; 0: none did.
  };
  /// How `text` may go on, for `most` tokens at most. From call to call the text may only grow; what is new of it is
  /// read first.
  Guess guess(std::span<const TokenId> text, std::size_t most);

 private:
  void read(std::span<const TokenId> text);

  std::unordered_map<std::uint64_t, std::int32_t> latest_;  ///< Where three tokens ended last, by their key.
  std::vector<std::int32_t> before_;                        ///< For each position where its three ended before; or -1.
  std::int32_t source_ = -1;                                ///< Where the last guess was taken from ...
  std::size_t taken_at_ = 0;                                ///< ... and how long the text was.
};

}  // namespace hadal
