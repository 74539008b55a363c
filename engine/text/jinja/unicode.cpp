#include "text/jinja/unicode.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace hadal::jinja {
namespace {

using Regex = std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)>;

/// Of a fixed pattern; null only if there is no memory.
Regex compiled(const char* pattern) {
  int code = 0;
  PCRE2_SIZE place = 0;
  return Regex(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code,
                             &place, nullptr),
               pcre2_code_free);
}

/// A Unicode property, by the tables of the library that also cuts text for the tokenizers. Immutable.
class Property {
 public:
  explicit Property(const char* pattern) : regex_(compiled(pattern)) {}
  bool of(char32_t c) const {
    if (!regex_) return false;
    std::string text;
    append_char(text, c);
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(pcre2_match_data_create(1, nullptr),
                                                                                    pcre2_match_data_free);
    return match && pcre2_match(regex_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, match.get(),
                                nullptr) >= 0;
  }

 private:
  Regex regex_;
};

/// Simple case mapping of every character, by the same tables; `to` is 'U' or 'L'.
std::string map_case(std::string_view text, char to) {
  static const Regex everything = compiled("(?s).+");
  if (!everything || text.empty()) return std::string(text);
  const std::string replacement = std::string("\\") + to + "$0";
  std::string out(text.size() * 3 + 8, '\0');
  PCRE2_SIZE length = out.size();
  const int done =
      pcre2_substitute(everything.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                       PCRE2_SUBSTITUTE_EXTENDED, nullptr, nullptr, reinterpret_cast<PCRE2_SPTR>(replacement.data()),
                       replacement.size(), reinterpret_cast<PCRE2_UCHAR*>(out.data()), &length);
  if (done < 0) return std::string(text);
  out.resize(length);
  return out;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Head head = utf8_head(bytes);
    out += head.state == Utf8State::valid ? bytes.substr(0, head.length) : utf8_replacement;
    bytes.remove_prefix(head.length);
  }
  return out;
}

std::size_t char_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

char32_t next_char(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<char32_t>(static_cast<unsigned char>(text[i])) : char32_t{0};
  };
  const char32_t lead = byte(at);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) c = (c << 6U) | (byte(at + i) & 0x3FU);
  at = std::min(at + length, text.size());
  return c;
}

void append_char(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6U));
  } else {
    if (c < 0x10000) {
      put(0xE0 | (c >> 12U));
    } else {
      put(0xF0 | (c >> 18U));
      put(0x80 | ((c >> 12U) & 0x3FU));
    }
    put(0x80 | ((c >> 6U) & 0x3FU));
  }
  put(0x80 | (c & 0x3FU));
}

std::size_t byte_of_char(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) next_char(text, at);
  return at;
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_printable(char32_t c) {
  static const Property property("[\\p{C}\\p{Z}]");
  if (c < 0x7F) return c >= 0x20;
  if (c < 0xA1) return false;
  return !property.of(c);
}
bool is_digit(char32_t c) {
  static const Property property("\\p{Nd}");
  return c < 0x80 ? c >= '0' && c <= '9' : property.of(c);
}
bool is_letter(char32_t c) {
  static const Property property("\\p{L}");
  return c < 0x80 ? (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z' : property.of(c);
}
bool is_upper(char32_t c) {
  static const Property property("\\p{Lu}");
  return c < 0x80 ? c >= 'A' && c <= 'Z' : property.of(c);
}
bool is_lower(char32_t c) {
  static const Property property("\\p{Ll}");
  return c < 0x80 ? c >= 'a' && c <= 'z' : property.of(c);
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  if (is_ascii(text)) {
    std::ranges::transform(out, out.begin(), ascii_upper);
    return out;
  }
  // The one letter in common use whose capital is two; the tables know only single ones.
  for (std::size_t at = 0; (at = out.find("ß", at)) != std::string::npos;) out.replace(at, 2, "SS");
  return map_case(out, 'U');
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  if (!is_ascii(text)) return map_case(text, 'L');
  std::ranges::transform(out, out.begin(), ascii_lower);
  return out;
}

std::string to_title(std::string_view text, bool only_first) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_char(text, at);
    const auto character = text.substr(begin, at - begin);
    out += inside ? to_lower(character) : to_upper(character);
    inside = only_first || is_letter(c);
  }
  return out;
}

std::size_t find_bytes(std::string_view text, std::string_view needle, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t leading_space(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    if (!is_space(next_char(text, next))) break;
    at = next;
  }
  return at;
}

std::size_t trailing_space(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    std::size_t at = begin;
    if (!is_space(next_char(text, at))) break;
    end = begin;
  }
  return text.size() - end;
}

}  // namespace hadal::jinja
