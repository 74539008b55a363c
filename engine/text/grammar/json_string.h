#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "text/grammar/code_set.h"

namespace hadal::grammar {

/// Strings are written in one way only, so that two texts are equal where their values are: every character as itself
/// in UTF-8, but \" \\ \b \f \n \r \t as these escapes and the other control characters as \u00 and two lower-case
/// digits. It is what nlohmann::json::dump() writes.
const CodeSet& json_raw_characters();
std::string json_escape(char32_t code);
/// With its quotes. `text` is valid UTF-8.
std::string json_quoted(std::string_view text);

/// A JSON string read byte by byte; the automaton of the rules that take any characters.
namespace string_state {
inline constexpr std::uint8_t opening = 0;  ///< Before the quote.
inline constexpr std::uint8_t between = 1;  ///< Between two characters.
inline constexpr std::uint8_t count = 15;
inline constexpr std::uint8_t closed = 15;  ///< After the other quote.
inline constexpr std::uint8_t dead = 16;
}  // namespace string_state

struct StringAutomaton {
  std::array<std::array<std::uint8_t, 256>, string_state::count> next;
  /// Bytes to the end of the character that has begun: 0 between characters.
  std::array<std::uint8_t, string_state::count> to_between;
  /// The first of them.
  std::array<std::uint8_t, string_state::count> nearest;
};
const StringAutomaton& string_automaton();

}  // namespace hadal::grammar
