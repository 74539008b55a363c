#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Remembers, while one text is encoded, what its words became, so that a word that comes again costs one look-up and
/// a copy. It holds no ids of its own but says where in the output they stand: the output may only grow, and the text
/// must stay where it is. One for each call: encode() runs in any thread.
class PieceCache {
 public:
  /// For a text of that many bytes.
  explicit PieceCache(std::size_t text_bytes)
      : entries_(text_bytes < 64 ? 0 : std::min<std::size_t>(std::bit_ceil(text_bytes / 16), 1 << 13)) {}

  /// Appends the ids of `piece`: the ones it got before, or what `encode()` appends to `out`.
  template <class Encode>
  void append(std::string_view piece, std::vector<TokenId>& out, Encode&& encode) {
    if (entries_.empty() || piece.size() > longest) return encode();
    Entry& entry = entries_[hash(piece) & (entries_.size() - 1)];
    if (entry.length == piece.size() && std::memcmp(entry.text, piece.data(), piece.size()) == 0) {
      const std::size_t begin = out.size();
      out.resize(begin + entry.count);  // the source may move, so no insert() of a range of its own
      std::copy_n(out.data() + entry.begin, entry.count, out.data() + begin);
      return;
    }
    const std::size_t begin = out.size();
    encode();
    entry = {piece.data(), begin, static_cast<std::uint32_t>(piece.size()),
             static_cast<std::uint32_t>(out.size() - begin)};
  }

 private:
  static constexpr std::size_t longest = 64;  ///< Bytes; longer pieces hardly come again.
  struct Entry {
    const char* text = nullptr;
    std::size_t begin = 0;
    std::uint32_t length = 0;  ///< 0: unused; no piece is empty.
    std::uint32_t count = 0;
  };

  static std::size_t hash(std::string_view piece) {
    std::uint64_t mixed = piece.size();
    for (; piece.size() >= 8; piece.remove_prefix(8)) mixed = mix(mixed, piece, 8);
    mixed = mix(mixed, piece, piece.size());
    return static_cast<std::size_t>(mixed >> 40);
  }
  static std::uint64_t mix(std::uint64_t mixed, std::string_view piece, std::size_t bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, piece.data(), bytes);
    return (std::rotl(mixed, 23) ^ word) * 0x9E3779B97F4A7C15U;  // 2^64 / golden ratio (Knuth, TAOCP 3, 6.4)
  }

  std::vector<Entry> entries_;  ///< A power of two, or none.
};

}  // namespace hadal
