#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal {

/// Outcome of looking at the head of a byte sequence.
enum class Utf8State { valid, incomplete, invalid };

/// The character at the head of a byte sequence. `length` is its bytes if valid; if incomplete, the bytes there are,
/// all of which may still become one; if invalid, the bytes a decoder replaces by one U+FFFD (Unicode 16, section 3.9,
/// "maximal subpart").
struct Utf8Head {
  Utf8State state;
  std::size_t length;
};

/// `text` must not be empty. Overlong forms, surrogates and values past U+10FFFF are invalid (RFC 3629).
Utf8Head utf8_head(std::string_view text);

/// Fails where `text` is not UTF-8, with a sentence that begins with `name` ("The file x") and says the offset, counted
/// in bytes from 0, and the value of the first byte that belongs to no character.
Result<void> check_utf8(std::string_view text, std::string_view name);

/// Writes a code point as UTF-8 (RFC 3629, section 3). `point` is at most U+10FFFF.
void append_utf8(std::uint32_t point, std::string& out);

inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";

}  // namespace hadal
