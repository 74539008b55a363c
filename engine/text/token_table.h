#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// The bytes of every token in one block of memory, and a hash table from bytes to id.
class TokenTable {
 public:
  void reserve(std::size_t tokens, std::size_t bytes);
  /// The next id's bytes.
  void add(std::string_view bytes);
  /// Makes find() see a token. Of tokens with equal bytes the first one indexed stays.
  void index(TokenId id);

  std::int32_t size() const { return static_cast<std::int32_t>(ends_.size()); }
  std::string_view bytes(TokenId id) const;
  /// -1 if there is none.
  TokenId find(std::string_view bytes) const;

 private:
  std::size_t slot(std::string_view bytes) const;

  std::string bytes_;
  std::vector<std::uint32_t> ends_;  ///< Of token i's bytes in bytes_.
  std::vector<TokenId> slots_;       ///< Open addressing, -1 empty; a power of two, at most half full.
};

}  // namespace hadal
