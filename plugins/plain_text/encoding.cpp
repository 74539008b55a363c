#include "encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace plain_text {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Mark {
  std::string_view bytes;
  const char* charset;
};
using namespace std::string_view_literals;
// UTF-32's mark begins with UTF-16's, so it is asked first.
constexpr std::array marks = {Mark{"\xEF\xBB\xBF"sv, "UTF-8"}, Mark{"\xFF\xFE\0\0"sv, "UTF-32LE"},
                              Mark{"\0\0\xFE\xFF"sv, "UTF-32BE"}, Mark{"\xFF\xFE"sv, "UTF-16LE"},
                              Mark{"\xFE\xFF"sv, "UTF-16BE"}};

std::uint8_t byte(char c) {
  return static_cast<std::uint8_t>(c);
}

/// Control characters no text file has; tab, line ends, form feed and escape are fine.
bool is_strange(std::uint8_t b) {
  return b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1B;
}

/// Zeros in (nearly) every second byte are the high halves of ASCII letters.
const char* utf16_by_zeros(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return nullptr;
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  const std::size_t half = bytes.size() / 2;
  if (zeros[0] == 0 && zeros[1] * 4 >= half) return "UTF-16LE";
  if (zeros[1] == 0 && zeros[0] * 4 >= half) return "UTF-16BE";
  return nullptr;
}

/// Whether the high bytes come in pairs of GB2312's plane (both from A1 to FE, the first at most F7), as nearly all of
/// a Chinese text's do; in western text a high byte mostly stands alone between ASCII letters.
bool pairs_like_chinese(std::string_view bytes) {
  std::size_t pairs = 0;
  std::size_t others = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (byte(bytes[i]) < 0x80) continue;
    const bool paired = i + 1 < bytes.size() && byte(bytes[i]) >= 0xA1 && byte(bytes[i]) <= 0xF7 &&
                        byte(bytes[i + 1]) >= 0xA1 && byte(bytes[i + 1]) != 0xFF;
    pairs += paired ? 1 : 0;
    others += paired ? 0 : 1;
    if (paired) ++i;
  }
  return pairs > 0 && others * 10 <= pairs;
}

std::size_t unit_bytes(std::string_view charset) {
  return charset.starts_with("UTF-16") ? 2 : charset.starts_with("UTF-32") ? 4 : 1;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const std::uint8_t lead = byte(bytes[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || bytes.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(bytes[i + k]) & 0xC0U) != 0x80) return false;
    }
    const std::uint8_t second = byte(bytes[i + 1]);
    // Overlong forms, surrogates, and what lies beyond U+10FFFF show in the second byte.
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second >= 0x90)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

Guess guess_encoding(std::string_view bytes) {
  for (const Mark& mark : marks) {
    if (bytes.starts_with(mark.bytes)) return {mark.charset, mark.bytes.size()};
  }
  if (bytes.find('\0') != std::string_view::npos) return {utf16_by_zeros(bytes), 0};
  const auto strange =
      static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), [](char c) { return is_strange(byte(c)); }));
  if (strange * 100 > bytes.size()) return {};
  if (is_utf8(bytes)) return {"UTF-8", 0};
  return {pairs_like_chinese(bytes) ? "GB18030" : "CP1252", 0};
}

bool to_utf8(std::string_view bytes, const char* charset, std::string& out, std::size_t& bad) {
  iconv_t converter = iconv_open("UTF-8", charset);
  if (converter == reinterpret_cast<iconv_t>(-1)) return false;
  char* in = const_cast<char*>(bytes.data());  // iconv does not write there.
  std::size_t left = bytes.size();
  std::array<char, 16384> buffer;
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t result = iconv(converter, &in, &left, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
    if (result != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
    out += replacement;
    ++bad;
    if (errno == EINVAL) break;  // The file ends inside a character.
    const std::size_t step = std::min(left, unit_bytes(charset));
    in += step;
    left -= step;
  }
  iconv_close(converter);
  return true;
}

}  // namespace plain_text
