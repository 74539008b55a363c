#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace hadal {

namespace detail {
inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}
template <std::integral T>
void append(std::string& out, T part) {
  out += std::to_string(part);
}
template <std::floating_point T>
void append(std::string& out, T part) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", static_cast<double>(part));
  out += digits;
}
}  // namespace detail

/// The parts one after another: for error sentences (std::format is missing from g++ 12).
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// Text from a file nobody trusts, made fit for a sentence: control characters and bytes beyond ASCII that are no
/// valid UTF-8 become '?', and what is longer than `limit` bytes ends in "...".
std::string printable(std::string_view text, std::size_t limit = 96);

/// "1 token", "2 tokens": for nouns whose plural takes an s.
std::string counted(std::uint64_t count, std::string_view noun);

/// "98.4 MB"; decimal units, as file managers show them.
std::string human_bytes(std::uint64_t bytes);

/// "1.2 of 4.7 GB": both in the unit that suits the whole; "98399999 of 98400000 bytes" where rounding would make
/// different numbers look the same.
std::string human_part(std::uint64_t bytes, std::uint64_t whole);

}  // namespace hadal
