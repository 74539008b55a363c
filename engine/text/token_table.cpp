#include "text/token_table.h"

#include <bit>
#include <functional>

namespace hadal {

void TokenTable::reserve(std::size_t tokens, std::size_t bytes) {
  bytes_.reserve(bytes);
  ends_.reserve(tokens);
  slots_.assign(std::bit_ceil(2 * tokens + 1), -1);
}

void TokenTable::add(std::string_view bytes) {
  bytes_ += bytes;
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
}

std::string_view TokenTable::bytes(TokenId id) const {
  const auto i = static_cast<std::size_t>(id);
  const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

std::size_t TokenTable::slot(std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = std::hash<std::string_view>()(text) & mask;
  while (slots_[at] >= 0 && bytes(slots_[at]) != text) at = (at + 1) & mask;
  return at;
}

void TokenTable::index(TokenId id) {
  TokenId& place = slots_[slot(bytes(id))];
  if (place < 0) place = id;
}

TokenId TokenTable::find(std::string_view text) const {
  return slots_.empty() ? -1 : slots_[slot(text)];
}

}  // namespace hadal
