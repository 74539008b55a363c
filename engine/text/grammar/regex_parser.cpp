#include <cstdint>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "text/grammar/regex.h"

namespace hadal::grammar {
namespace {

constexpr std::size_t kLongest = 16 << 10;
constexpr int kDeepest = 64;
constexpr int kMostRepeats = 10'000;

const CodeSet digits{{U'0', U'9'}};
const CodeSet word{{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}};
// ECMA-262, WhiteSpace and LineTerminator.
const CodeSet space{{0x9, 0xD},       {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
const CodeSet line_ends{{0xA, 0xA}, {0xD, 0xD}, {0x2028, 0x2029}};

Regex of_set(CodeSet set) {
  return {.kind = Regex::Kind::set, .set = std::move(set)};
}

Regex repeat(Regex what, int least, int most) {
  Regex out{.kind = Regex::Kind::repeat, .least = least, .most = most};
  out.children.push_back(std::move(what));
  return out;
}

class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(pattern) {}

  Result<Regex> whole() {
    auto out = choice(0);
    if (!out) return out;
    if (!done()) return fault("has a ) that closes nothing");
    return out;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  bool is(char c) const { return !done() && text_[at_] == c; }
  bool take(char c) { return is(c) && ++at_; }
  bool take(std::string_view letters) {
    if (text_.substr(at_, letters.size()) != letters) return false;
    at_ += letters.size();
    return true;
  }
  Error fault(std::string_view what) const {
    return {ErrorCode::invalid_argument,
            concat("The pattern \"", printable(text_, 64), "\" ", what, " at byte ", at_ + 1, ".")};
  }
  Error unsupported(std::string_view what) const {
    return {ErrorCode::unsupported, concat("The pattern \"", printable(text_, 64), "\" uses ", what, " at byte ",
                                           at_ + 1, ", which cannot be kept to while an answer is written.")};
  }

  Result<Regex> choice(int depth) {
    if (depth > kDeepest) return fault(concat("is nested deeper than ", kDeepest, " groups"));
    Regex out{.kind = Regex::Kind::choice};
    do {
      auto branch = sequence(depth);
      if (!branch) return branch;
      out.children.push_back(std::move(*branch));
    } while (take('|'));
    if (out.children.size() == 1) return std::move(out.children.front());
    return out;
  }

  Result<Regex> sequence(int depth) {
    Regex out{.kind = Regex::Kind::sequence};
    while (!done() && !is('|') && !is(')')) {
      auto part = quantified(depth);
      if (!part) return part;
      out.children.push_back(std::move(*part));
    }
    return out;
  }

  Result<Regex> quantified(int depth) {
    auto part = atom(depth);
    if (!part) return part;
    for (bool first = true; !done(); first = false) {
      int least = 0, most = Regex::unbounded;
      const std::size_t before = at_;
      if (take('+')) {
        least = 1;
      } else if (take('?')) {
        most = 1;
      } else if (!take('*')) {
        const auto counted = counts(least, most);
        if (!counted) return counted.error();
        if (!*counted) break;
      }
      if (!first || part->kind == Regex::Kind::begin || part->kind == Regex::Kind::end) {
        at_ = before;
        return fault("repeats what cannot be repeated");
      }
      take('?');  // lazy: another way to search, the same texts
      part = repeat(std::move(*part), least, most);
    }
    return part;
  }

  /// {n}, {n,} or {n,m}; false if there is no such thing here.
  Result<bool> counts(int& least, int& most) {
    const std::size_t before = at_;
    if (!take('{')) return false;
    const auto low = number();
    std::optional<int> high = low;
    if (low && take(',')) high = is('}') ? std::optional(Regex::unbounded) : number();
    if (!low || !high || !take('}')) {
      at_ = before;
      return fault("has a { that begins no count (a literal one is written \\{)");
    }
    least = *low;
    most = *high;
    if (least > kMostRepeats || most > kMostRepeats) return fault(concat("repeats more than ", kMostRepeats, " times"));
    if (most != Regex::unbounded && most < least) return fault("has a count whose end is before its beginning");
    return true;
  }

  std::optional<int> number() {
    int value = -1;
    for (; !done() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = std::min(std::max(value, 0) * 10 + (text_[at_] - '0'), kMostRepeats + 1);
    }
    return value < 0 ? std::nullopt : std::optional(value);
  }

  Result<Regex> atom(int depth) {
    if (take('(')) return group(depth);
    if (take('[')) return char_class();
    if (take('.')) return of_set(complement(line_ends));
    if (take('^')) return Regex{.kind = Regex::Kind::begin};
    if (take('$')) return Regex{.kind = Regex::Kind::end};
    if (is('*') || is('+') || is('?')) return fault("repeats nothing");
    if (is('\\')) {
      auto set = escape(false);
      if (!set) return set.error();
      return of_set(std::move(*set));
    }
    if (is('{') || is('}') || is(']')) return fault("has a bracket that is to be written with a \\");
    const auto code = literal();
    if (!code) return code.error();
    return of_set({{*code, *code}});
  }

  Result<Regex> group(int depth) {
    if (take('?')) {
      if (is('=') || is('!')) return unsupported("a look-ahead");
      if (take("<=") || take("<!")) return unsupported("a look-behind");
      if (take('<')) {
        while (!done() && !is('>') && !is(')')) ++at_;
        if (!take('>')) return fault("has a group's name without an end");
      } else if (!take(':')) {
        return unsupported("a group of a kind that is not known");
      }
    }
    auto inside = choice(depth + 1);
    if (!inside) return inside;
    if (!take(')')) return fault("lacks a )");
    return inside;
  }

  Result<char32_t> literal() {
    const Utf8Head head = utf8_head(text_.substr(at_));
    if (head.state != Utf8State::valid) return fault("is no UTF-8");
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text_[at_ + i]); };
    char32_t code = head.length == 1 ? byte(0) : byte(0) & (0x7F >> head.length);
    for (std::size_t i = 1; i < head.length; ++i) code = code << 6 | (byte(i) & 0x3F);
    at_ += head.length;
    return code;
  }

  Result<Regex> char_class() {
    const bool negated = take('^');
    CodeSet out;
    while (!take(']')) {
      if (done()) return fault("lacks a ]");
      auto low = class_member();
      if (!low) return low.error();
      const bool range = is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!range || low->size() != 1 || low->front().first != low->front().last) {
        out = united(std::move(out), *low);
        continue;
      }
      ++at_;
      const auto high = class_member();
      if (!high) return high.error();
      if (high->size() != 1 || high->front().first != high->front().last || high->front().first < low->front().first)
        return fault("has a range that is none");
      out = united(std::move(out), {{low->front().first, high->front().first}});
    }
    return of_set(negated ? complement(out) : out);
  }

  Result<CodeSet> class_member() {
    if (is('\\')) return escape(true);
    const auto code = literal();
    if (!code) return code.error();
    return CodeSet{{*code, *code}};
  }

  Result<CodeSet> escape(bool in_class) {
    ++at_;
    if (done()) return fault("ends in a \\");
    const char c = text_[at_];
    const auto one = [this](char32_t code) {
      ++at_;
      return CodeSet{{code, code}};
    };
    const auto known = [this](CodeSet set) {
      ++at_;
      return set;
    };
    switch (c) {
      case 'd':
        return known(digits);
      case 'D':
        return known(complement(digits));
      case 'w':
        return known(word);
      case 'W':
        return known(complement(word));
      case 's':
        return known(space);
      case 'S':
        return known(complement(space));
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'v':
        return one('\v');
      case 'f':
        return one('\f');
      case 'r':
        return one('\r');
      case 'x':
        return hexadecimal(2);
      case 'u':
        return hexadecimal(4);
      case 'b':
        if (in_class) return one('\b');
        return unsupported("a word boundary");
      case 'B':
        return unsupported("a word boundary");
      case 'p':
      case 'P':
        return unsupported("a Unicode property");
      case 'k':
        return unsupported("a back-reference");
      case '0':
        return one(0);
      default:
        break;
    }
    if (c >= '1' && c <= '9') return unsupported("a back-reference");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return unsupported("an escape that is not known");
    const auto code = literal();
    if (!code) return code.error();
    return CodeSet{{*code, *code}};
  }

  /// \xHH, \uHHHH (a pair of them for a character beyond U+FFFF) or \u{H...}.
  Result<CodeSet> hexadecimal(std::size_t length) {
    ++at_;
    const bool braces = length == 4 && take('{');
    char32_t code = 0;
    std::size_t count = 0;
    for (; !done() && (braces ? count < 6 : count < length); ++count, ++at_) {
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      code = code * 16 + static_cast<char32_t>(digit);
    }
    if (braces ? count == 0 || !take('}') : count != length) return fault("has an escape with too few digits");
    if (code > last_code_point) return fault("names a character beyond U+10FFFF");
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const auto low = hexadecimal(4);
      if (!low) return low;
      const char32_t second = low->front().first;
      if (second < 0xDC00 || second > 0xDFFF) return fault("has half a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
    }
    return CodeSet{{code, code}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Regex> parse_regex(std::string_view pattern) {
  if (pattern.size() > kLongest) {
    return Error{ErrorCode::invalid_argument,
                 concat("The pattern \"", printable(pattern, 32), "\" is longer than 16 KiB.")};
  }
  return Parser(pattern).whole();
}

Regex searched(Regex pattern) {
  const Regex anything = repeat(of_set({{0, last_code_point}}), 0, Regex::unbounded);
  Regex out{.kind = Regex::Kind::sequence};
  out.children.push_back(anything);
  out.children.push_back(std::move(pattern));
  out.children.push_back(anything);
  return out;
}

}  // namespace hadal::grammar
