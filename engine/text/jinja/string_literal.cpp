#include "text/jinja/string_literal.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

bool is_digit_char(char c) {
  return c >= '0' && c <= '9';
}

/// Digits with single underscores between them, from `at` on; npos-free: returns where they end.
std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_digit_char(text[at]) || (text[at] == '_' && at > 0 && is_digit_char(text[at - 1]) &&
                                                          at + 1 < text.size() && is_digit_char(text[at + 1])))) {
    ++at;
  }
  return at;
}

std::string without_underscores(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

/// The code point written in `length` digits of a base; fewer are allowed for octal.
Result<char32_t> take_code(std::string_view text, std::size_t& at, std::size_t length, int base, bool exact) {
  const std::string_view digits = text.substr(at, length);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  const auto taken = static_cast<std::size_t>(end - digits.data());
  if (error != std::errc() || (exact && taken != length)) {
    return Error{ErrorCode::invalid_file, "a string has an escape with too few digits"};
  }
  at += taken;
  if (code > 0x10FFFF) return Error{ErrorCode::invalid_file, "a string has an escape beyond the last character"};
  return static_cast<char32_t>(code);
}

/// The simple escapes; 0 where there is none.
char simple_escape(char c) {
  static constexpr std::string_view names = "\\'\"abfnrtv", values = "\\'\"\a\b\f\n\r\t\v";
  const std::size_t at = names.find(c);
  return at == std::string_view::npos ? '\0' : values[at];
}

}  // namespace

Result<std::string> resolve_escapes(std::string_view quoted) {
  std::string out;
  for (std::size_t at = 0; at < quoted.size();) {
    if (quoted[at] != '\\' || at + 1 == quoted.size()) {
      out += quoted[at++];
      continue;
    }
    const char c = quoted[at + 1];
    at += 2;
    const char simple = simple_escape(c);
    if (simple != '\0') {
      out += simple;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const auto code = take_code(quoted, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true);
      if (!code) return code.error();
      append_char(out, *code);
    } else if (c >= '0' && c <= '7') {
      const auto code = take_code(quoted, --at, 3, 8, false);
      if (!code) return code.error();
      append_char(out, *code);
    } else if (c != '\n') {
      out += '\\';
      out += c;
    }
  }
  return out;
}

NumberLiteral read_number(std::string_view text) {
  NumberLiteral out;
  const char prefix = text.size() > 2 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : ' ';
  const int base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
  if (base != 10) {
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), out.integer, base);
    out.length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc()) out.problem = "a number cannot be read";
    return out;
  }
  std::size_t end = digits_end(text, 0);
  const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit_char(text[i]); };
  if (end < text.size() && text[end] == '.' && digit_at(end + 1)) {
    out.is_real = true;
    end = digits_end(text, end + 1);
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t sign = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-') ? 1 : 0;
    if (digit_at(end + 1 + sign)) {
      out.is_real = true;
      end = digits_end(text, end + 1 + sign);
    }
  }
  out.length = end;
  const std::string plain = without_underscores(text.substr(0, end));
  const char* last = plain.data() + plain.size();
  const auto error = out.is_real ? std::from_chars(plain.data(), last, out.real).ec
                                 : std::from_chars(plain.data(), last, out.integer).ec;
  if (!out.is_real && out.integer != 0 && plain.starts_with('0')) out.problem = "a number begins with 0";
  if (error != std::errc()) out.problem = concat("the number ", printable(plain), " is too large");
  return out;
}

}  // namespace hadal::jinja
