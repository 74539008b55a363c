#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hadal::jinja {

// Strings as Python sees them: sequences of code points. Bytes are valid UTF-8.

/// The bytes, with U+FFFD for those that are no UTF-8.
std::string valid_utf8(std::string_view bytes);

std::size_t char_count(std::string_view text);
/// The character at byte `at`, which moves behind it.
char32_t next_char(std::string_view text, std::size_t& at);
void append_char(std::string& out, char32_t c);
/// Byte offset of a character; the text's size if there are not so many.
std::size_t byte_of_char(std::string_view text, std::size_t index);

// As Python's str methods of these names.
bool is_space(char32_t c);
bool is_printable(char32_t c);
bool is_digit(char32_t c);
bool is_letter(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// Every word, or with `only_first` the first character alone, begins with a capital; the rest is lower.
std::string to_title(std::string_view text, bool only_first);

/// Where `needle` begins at or after `from`; npos if nowhere. Takes time in proportion to the lengths, whatever the
/// bytes.
std::size_t find_bytes(std::string_view text, std::string_view needle, std::size_t from);

/// How many bytes of white space the text begins or ends with.
std::size_t leading_space(std::string_view text);
std::size_t trailing_space(std::string_view text);

}  // namespace hadal::jinja
