#include "text/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "text/jinja/string_literal.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

bool is_digit_char(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Line ends become \n; one at the very end is dropped.
std::string normalised(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (source.substr(i + 1).starts_with('\n')) ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) take_stretch();
    add(Token::Kind::end, {});
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  [[noreturn]] void fail(std::string message) const { throw SyntaxError{std::move(message), line_}; }

  Token& add(Token::Kind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), line_, 0, 0.0});
    return tokens_.back();
  }
  void advance(std::size_t bytes) {
    line_ += static_cast<int>(std::ranges::count(rest().substr(0, bytes), '\n'));
    at_ += bytes;
  }
  void skip_space() { advance(leading_space(rest())); }

  /// Text up to the next opening mark, and what that opens.
  void take_stretch() {
    std::size_t open = 0;
    const auto text = rest();
    for (;; ++open) {
      open = text.find('{', open);
      if (open == std::string_view::npos || open + 1 >= text.size()) return take_data(text);
      const char next = text[open + 1];
      if (next == '{' || next == '%' || next == '#') break;
    }
    const char kind = text[open + 1];
    const char sign = open + 2 < text.size() && (text[open + 2] == '-' || text[open + 2] == '+') ? text[open + 2] : ' ';
    take_data(text.substr(0, open), kind, sign);
    advance(2 + (sign == ' ' ? 0 : 1));
    if (kind == '#') return take_comment();
    if (kind == '%' && take_raw()) return;
    take_code(kind == '{');
  }

  void take_data(std::string_view text, char kind = '{', char sign = ' ') {
    std::string_view kept = text;
    if (sign == '-') {
      kept.remove_suffix(trailing_space(kept));
    } else if (sign != '+' && kind != '{') {
      // lstrip_blocks: nothing but white space between the line's beginning and the block.
      const std::size_t line = kept.rfind('\n') + 1;
      const auto indent = kept.substr(line);
      if ((line > 0 || line_starting_) && leading_space(indent) == indent.size()) kept = kept.substr(0, line);
    }
    if (!kept.empty()) add(Token::Kind::data, std::string(kept));
    advance(text.size());
  }

  /// Behind -%} all white space goes, behind %} one line end (trim_blocks), unless it is +%}.
  void close_block(char sign) {
    const std::size_t before = at_;
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && rest().starts_with('\n')) {
      advance(1);
    }
    line_starting_ = at_ > before && source_[at_ - 1] == '\n';
  }

  void take_comment() {
    const std::size_t end = rest().find("#}");
    if (end == std::string_view::npos) fail("a comment is never closed");
    const char sign = end > 0 && (rest()[end - 1] == '-' || rest()[end - 1] == '+') ? rest()[end - 1] : ' ';
    advance(end + 2);
    close_block(sign);
  }

  /// {% raw %} ... {% endraw %}; the opening mark was taken.
  bool take_raw() {
    std::string_view text = rest();
    text.remove_prefix(leading_space(text));
    if (!text.starts_with("raw")) return false;
    text.remove_prefix(3);
    text.remove_prefix(leading_space(text));
    const bool strips = text.starts_with("-%}");
    if (!strips && !text.starts_with("%}")) return false;
    advance(rest().size() - text.size() + (strips ? 3 : 2));
    if (strips) skip_space();
    line_starting_ = false;
    for (std::size_t open = 0;; open += 2) {
      open = rest().find("{%", open);
      if (open == std::string_view::npos) fail("a raw block is never closed");
      std::string_view end = rest().substr(open + 2);
      const char sign = end.starts_with('-') ? '-' : end.starts_with('+') ? '+' : ' ';
      if (sign != ' ') end.remove_prefix(1);
      end.remove_prefix(leading_space(end));
      if (!end.starts_with("endraw")) continue;
      end.remove_prefix(6);
      end.remove_prefix(leading_space(end));
      const char closing = end.starts_with('-') ? '-' : end.starts_with('+') ? '+' : ' ';
      if (closing != ' ') end.remove_prefix(1);
      if (!end.starts_with("%}")) continue;
      const std::size_t behind = rest().size() - end.size() + 2;
      take_data(rest().substr(0, open), '%', sign);
      advance(behind - open);
      close_block(closing);
      return true;
    }
  }

  /// The words of {{ ... }} or {% ... %}.
  void take_code(bool output) {
    const std::string_view close = output ? "}}" : "%}";
    add(output ? Token::Kind::output_begin : Token::Kind::block_begin, {});
    open_.clear();
    for (;;) {
      skip_space();
      if (rest().empty()) fail(concat("a ", output ? "{{" : "{%", " is never closed"));
      if (open_.empty()) {
        const bool minus = rest().starts_with('-') && rest().substr(1).starts_with(close);
        const bool plus = !output && rest().starts_with('+') && rest().substr(1).starts_with(close);
        if (minus || plus || rest().starts_with(close)) {
          const char sign = minus ? '-' : plus ? '+' : ' ';
          add(output ? Token::Kind::output_end : Token::Kind::block_end, {});
          advance(2 + (sign == ' ' ? 0 : 1));
          // An output keeps the line end behind it.
          close_block(output && sign == ' ' ? '+' : sign);
          return;
        }
      }
      take_word();
    }
  }

  void take_word() {
    const char c = rest().front();
    if (c == '\'' || c == '"') return take_string();
    if (is_digit_char(c)) return take_number();
    if (is_name_char(c)) {
      std::size_t length = 1;
      while (length < rest().size() && (is_name_char(rest()[length]) || is_digit_char(rest()[length]))) ++length;
      add(Token::Kind::name, std::string(rest().substr(0, length)));
      return advance(length);
    }
    take_mark();
  }

  void take_mark() {
    static constexpr std::array<std::string_view, 6> two = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view one = "+-/*%~[](){}><=.:|,;";
    const auto pair = rest().substr(0, 2);
    const char c = rest().front();
    if (std::ranges::find(two, pair) != two.end()) {
      add(Token::Kind::mark, std::string(pair));
      return advance(2);
    }
    if (one.find(c) == std::string_view::npos)
      fail(concat("the character ", printable(rest().substr(0, 1)), " has no meaning here"));
    if (c == '(' || c == '[' || c == '{') {
      open_ += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (open_.empty() || open_.back() != c) fail(concat("a ", c, " closes nothing"));
      open_.pop_back();
    }
    add(Token::Kind::mark, std::string(1, c));
    advance(1);
  }

  void take_string() {
    const char quote = rest().front();
    std::size_t end = 1;
    while (end < rest().size() && rest()[end] != quote) end += rest()[end] == '\\' ? 2 : 1;
    if (end >= rest().size()) fail("a string is never closed");
    auto text = resolve_escapes(rest().substr(1, end - 1));
    if (!text) fail(text.error().message);
    add(Token::Kind::string, std::move(*text));
    advance(end + 1);
  }

  void take_number() {
    NumberLiteral number = read_number(rest());
    if (!number.problem.empty()) fail(number.problem);
    Token& token =
        add(number.is_real ? Token::Kind::real : Token::Kind::integer, std::string(rest().substr(0, number.length)));
    token.integer = number.integer;
    token.real = number.real;
    advance(number.length);
  }

  std::string source_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::string open_;  ///< Closing brackets that are due.
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view source) {
  return Lexer(normalised(valid_utf8(source))).run();
}

}  // namespace hadal::jinja
