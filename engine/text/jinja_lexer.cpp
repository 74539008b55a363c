#include "text/jinja_lexer.h"

#include <cctype>

#include "base/text.h"

namespace hadal {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

Error malformed(std::string_view what) {
  return {ErrorCode::invalid_file, std::string(what)};
}

/// A string literal; `at` stands on its opening quote and ends behind the closing one.
Result<std::string> take_string(std::string_view code, std::size_t& at) {
  const char quote = code[at++];
  std::string out;
  while (at < code.size() && code[at] != quote) {
    char c = code[at++];
    if (c == '\\' && at < code.size()) {
      c = code[at++];
      if (c == 'n') {
        c = '\n';
      } else if (c == 't') {
        c = '\t';
      } else if (c == 'r') {
        c = '\r';
      } else if (c != '\\' && c != '\'' && c != '"') {
        return malformed(concat("a string in it has the escape \\", printable({&c, 1})));
      }
    }
    out += c;
  }
  if (at == code.size()) return malformed("a string in it does not end");
  ++at;
  return out;
}

JinjaToken take_mark(std::string_view code, std::size_t& at) {
  const std::string_view two = code.substr(at, 2);
  const bool pair = two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "//" || two == "**";
  const std::size_t length = pair ? 2 : 1;
  at += length;
  return {JinjaToken::Kind::other, std::string(code.substr(at - length, length))};
}

Result<std::vector<JinjaToken>> lex_code(std::string_view code) {
  std::vector<JinjaToken> out;
  for (std::size_t at = 0; at < code.size();) {
    const char c = code[at];
    if (is_space(c)) {
      ++at;
    } else if (c == '\'' || c == '"') {
      auto text = take_string(code, at);
      if (!text) return text.error();
      out.push_back({JinjaToken::Kind::string, std::move(*text)});
    } else if (is_word(c)) {
      const std::size_t begin = at;
      while (at < code.size() && is_word(code[at])) ++at;
      const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
      out.push_back(
          {number ? JinjaToken::Kind::other : JinjaToken::Kind::name, std::string(code.substr(begin, at - begin))});
    } else {
      out.push_back(take_mark(code, at));
    }
  }
  return out;
}

/// Joins a.b, a['b'] and a[0] to one name: "a.b", "a.b", "a.0".
std::vector<JinjaToken> join_attributes(std::vector<JinjaToken> tokens) {
  using Kind = JinjaToken::Kind;
  std::vector<JinjaToken> out;
  const auto mark = [&](std::size_t i, std::string_view text) {
    return i < tokens.size() && tokens[i].kind == Kind::other && tokens[i].text == text;
  };
  for (std::size_t i = 0; i < tokens.size();) {
    const bool after_name = !out.empty() && out.back().kind == Kind::name;
    if (after_name && mark(i, ".") && i + 1 < tokens.size() && tokens[i + 1].kind == Kind::name) {
      out.back().text += "." + tokens[i + 1].text;
      i += 2;
    } else if (after_name && mark(i, "[") && mark(i + 2, "]") && tokens[i + 1].kind != Kind::name) {
      out.back().text += "." + tokens[i + 1].text;
      i += 3;
    } else {
      out.push_back(std::move(tokens[i++]));
    }
  }
  return out;
}

/// Where the node that opens at `begin` closes: behind its strings, which may contain the closing mark.
std::size_t find_close(std::string_view source, std::size_t begin, std::string_view close) {
  char quote = 0;
  for (std::size_t at = begin; at + 1 < source.size(); ++at) {
    if (quote != 0) {
      if (source[at] == '\\') {
        ++at;
      } else if (source[at] == quote) {
        quote = 0;
      }
    } else if (source.substr(at, 2) == close) {
      return at;
    } else if (close != "#}" && (source[at] == '\'' || source[at] == '"')) {
      quote = source[at];
    }
  }
  return std::string_view::npos;
}

void strip_end(std::string& text, bool only_line) {
  std::size_t end = text.size();
  while (end > 0 && (only_line ? text[end - 1] == ' ' || text[end - 1] == '\t' : is_space(text[end - 1]))) --end;
  // lstrip_blocks: only where nothing else stands before the block in its line.
  if (!only_line || end == 0 || text[end - 1] == '\n') text.resize(end);
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : rest_(source) {
    if (rest_.ends_with('\n')) rest_.remove_suffix(1);
  }

  Result<std::vector<JinjaNode>> run() {
    while (!rest_.empty()) {
      std::size_t open = rest_.find('{');
      while (open != std::string_view::npos && !opens(open)) open = rest_.find('{', open + 1);
      std::string text(rest_.substr(0, open));
      rest_.remove_prefix(std::min(open, rest_.size()));
      if (rest_.empty()) {
        add_text(std::move(text));
        break;
      }
      if (auto done = take_node(std::move(text)); !done) return done.error();
    }
    return std::move(nodes_);
  }

 private:
  bool opens(std::size_t at) const {
    return at + 1 < rest_.size() && (rest_[at + 1] == '{' || rest_[at + 1] == '%' || rest_[at + 1] == '#');
  }

  void add_text(std::string text) {
    if (!text.empty()) nodes_.push_back({JinjaNode::Kind::text, std::move(text), {}});
  }

  /// rest_ begins with an opening mark, `before` is the text in front of it.
  Result<void> take_node(std::string before) {
    const char kind = rest_[1];
    const std::string_view close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
    const std::size_t end = find_close(rest_, 2, close);
    if (end == std::string_view::npos) return malformed(concat("a {", kind, " in it is never closed"));
    std::string_view code = rest_.substr(2, end - 2);
    rest_.remove_prefix(end + 2);

    const bool strips_before = code.starts_with('-'), keeps_before = code.starts_with('+');
    if (strips_before || keeps_before) code.remove_prefix(1);
    const bool strips_after = code.ends_with('-'), keeps_after = code.ends_with('+');
    if (strips_after || keeps_after) code.remove_suffix(1);
    const bool line_block = kind != '{' && !keeps_before && (at_line_start_ || before.find('\n') != std::string::npos);
    if (strips_before) {
      strip_end(before, false);
    } else if (line_block) {
      strip_end(before, true);
    }
    add_text(std::move(before));
    if (strips_after) {
      while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }
    at_line_start_ = false;
    if (kind != '{' && !strips_after && !keeps_after && rest_.starts_with('\n')) {
      rest_.remove_prefix(1);
      at_line_start_ = true;
    }
    if (kind == '#') return {};
    auto tokens = lex_code(code);
    if (!tokens) return tokens.error();
    nodes_.push_back(
        {kind == '{' ? JinjaNode::Kind::output : JinjaNode::Kind::statement, {}, join_attributes(std::move(*tokens))});
    return {};
  }

  std::string_view rest_;
  bool at_line_start_ = true;
  std::vector<JinjaNode> nodes_;
};

}  // namespace

Result<std::vector<JinjaNode>> lex_jinja(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace hadal
