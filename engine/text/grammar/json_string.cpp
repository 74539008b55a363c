#include "text/grammar/json_string.h"

namespace hadal::grammar {
namespace {

using namespace string_state;

// States inside a character: after a backslash, along \u00XX, and inside UTF-8 (RFC 3629, section 4).
enum : std::uint8_t {
  backslash = 2,
  u,
  u0,
  u00,
  u000,
  u001,
  one_more,
  two_more,
  three_more,
  after_e0,
  after_ed,
  after_f0,
  after_f4
};

constexpr StringAutomaton build() {
  StringAutomaton out{};
  for (auto& row : out.next) row.fill(dead);
  const auto range = [&out](std::uint8_t from, int first, int last, std::uint8_t to) {
    for (int byte = first; byte <= last; ++byte) out.next[from][static_cast<std::size_t>(byte)] = to;
  };
  range(opening, '"', '"', between);
  range(between, 0x20, 0x7F, between);
  range(between, '"', '"', closed);
  range(between, '\\', '\\', backslash);
  range(between, 0xC2, 0xDF, one_more);
  range(between, 0xE0, 0xEF, two_more);
  range(between, 0xE0, 0xE0, after_e0);
  range(between, 0xED, 0xED, after_ed);
  range(between, 0xF0, 0xF3, three_more);
  range(between, 0xF0, 0xF0, after_f0);
  range(between, 0xF4, 0xF4, after_f4);
  for (const char c : {'"', '\\', 'b', 'f', 'n', 'r', 't'}) range(backslash, c, c, between);
  range(backslash, 'u', 'u', u);
  range(u, '0', '0', u0);
  range(u0, '0', '0', u00);
  range(u00, '0', '0', u000);
  range(u00, '1', '1', u001);
  range(u000, '0', '7', between);
  for (const char c : {'b', 'e', 'f'}) range(u000, c, c, between);
  range(u001, '0', '9', between);
  range(u001, 'a', 'f', between);
  range(one_more, 0x80, 0xBF, between);
  range(two_more, 0x80, 0xBF, one_more);
  range(three_more, 0x80, 0xBF, two_more);
  range(after_e0, 0xA0, 0xBF, one_more);
  range(after_ed, 0x80, 0x9F, one_more);
  range(after_f0, 0x90, 0xBF, two_more);
  range(after_f4, 0x80, 0x8F, two_more);
  out.to_between = {0, 0, 1, 4, 3, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3};
  out.nearest = {'"', '"', 'n', '0', '0', '0', '0', '0', 0x80, 0x80, 0x80, 0xA0, 0x80, 0x90, 0x80};
  return out;
}

constexpr StringAutomaton automaton = build();

}  // namespace

const StringAutomaton& string_automaton() {
  return automaton;
}

const CodeSet& json_raw_characters() {
  static const CodeSet set{{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0xD7FF}, {0xE000, last_code_point}};
  return set;
}

std::string json_escape(char32_t code) {
  switch (code) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  return std::string("\\u00") + digits[code / 16 % 16] + digits[code % 16];
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      out += json_escape(byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace hadal::grammar
