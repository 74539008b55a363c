#include "text/byte_level.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace hadal {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

// Byte by code point, -1 where none; the last code point in use is U+0100 + 67.
constexpr std::array<std::int16_t, 0x144> make_table() {
  std::array<std::int16_t, 0x144> table{};
  table.fill(-1);
  std::size_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    table[stands_for_itself(byte) ? static_cast<std::size_t>(byte) : next++] = static_cast<std::int16_t>(byte);
  }
  return table;
}

constexpr auto byte_of = make_table();

}  // namespace

std::string from_byte_level(std::string_view spelling) {
  std::string out;
  out.reserve(spelling.size());
  while (!spelling.empty()) {
    const Utf8Head head = utf8_head(spelling);
    const auto first = static_cast<unsigned char>(spelling[0]);
    std::size_t point = byte_of.size();
    if (head.state == Utf8State::valid && head.length == 1) point = first;
    if (head.state == Utf8State::valid && head.length == 2) {
      point = static_cast<std::size_t>((first & 0x1F) << 6 | (spelling[1] & 0x3F));
    }
    if (point < byte_of.size() && byte_of[point] >= 0) {
      out += static_cast<char>(byte_of[point]);
    } else {
      out += spelling.substr(0, head.length);
    }
    spelling.remove_prefix(head.length);
  }
  return out;
}

std::string to_byte_level(std::uint8_t byte) {
  const auto found = std::find(byte_of.begin(), byte_of.end(), static_cast<std::int16_t>(byte));
  const auto point = static_cast<unsigned>(found - byte_of.begin());
  if (point < 0x80) return {static_cast<char>(point)};
  return {static_cast<char>(0xC0U | point >> 6), static_cast<char>(0x80U | (point & 0x3FU))};
}

}  // namespace hadal
