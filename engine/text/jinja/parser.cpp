#include "text/jinja/parser.h"

#include <algorithm>

#include "base/text.h"

namespace hadal::jinja {
namespace {

// Blocks or brackets inside one another; real templates stay below 20.
constexpr int kDeepest = 100;

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::data:
      return "text";
    case Token::Kind::output_begin:
      return "{{";
    case Token::Kind::output_end:
      return "}}";
    case Token::Kind::block_begin:
      return "{%";
    case Token::Kind::block_end:
      return "%}";
    case Token::Kind::string:
      return "a string";
    case Token::Kind::end:
      return "the template's end";
    default:
      return concat("\"", printable(token.text, 40), "\"");
  }
}

}  // namespace

Parser::Nesting::Nesting(Parser& parser) : parser_(parser) {
  // Counted first: the destructor does not run if this throws.
  if (parser_.depth_ >= kDeepest) parser_.fail(concat("it is nested more than ", kDeepest, " levels deep"));
  ++parser_.depth_;
}

bool Parser::is(const Token& token, Token::Kind kind, std::string_view text) {
  return token.kind == kind && token.text == text;
}
void Parser::fail(std::string message) const {
  throw SyntaxError{std::move(message), current().line};
}
void Parser::unexpected(std::string_view wanted) const {
  fail(concat(wanted, " is expected, but there is ", describe(current())));
}
Token Parser::take() {
  Token out = current();
  if (at_ + 1 < tokens_.size()) ++at_;
  return out;
}
bool Parser::skip_mark(std::string_view mark) {
  const bool there = at_mark(mark);
  if (there) take();
  return there;
}
bool Parser::skip_word(std::string_view word) {
  const bool there = at_word(word);
  if (there) take();
  return there;
}
void Parser::expect_mark(std::string_view mark) {
  if (!skip_mark(mark)) unexpected(concat("\"", mark, "\""));
}
void Parser::expect_word(std::string_view word) {
  if (!skip_word(word)) unexpected(concat("\"", word, "\""));
}
void Parser::expect(Token::Kind kind, std::string_view what) {
  if (current().kind != kind) unexpected(what);
  take();
}
std::string Parser::take_name(std::string_view what) {
  if (current().kind != Token::Kind::name) unexpected(what);
  return take().text;
}
void Parser::end_block() {
  expect(Token::Kind::block_end, "%}");
}

std::unique_ptr<Statement> Parser::statement(Statement::Kind kind) const {
  auto out = std::make_unique<Statement>();
  out->kind = kind;
  out->line = current().line;
  return out;
}

Body Parser::parse() {
  Body out = parse_body({});
  if (!unknown_.empty()) throw unknown_.front();
  return out;
}

/// Up to a block that begins with one of the words, whose {% and word are left behind; or up to the end.
Body Parser::parse_body(Words ends) {
  const Nesting nesting(*this);
  Body out;
  for (;;) {
    switch (current().kind) {
      case Token::Kind::data: {
        auto text = statement(Statement::Kind::text);
        text->text = Text(take().text);
        out.push_back(std::move(text));
        break;
      }
      case Token::Kind::output_begin:
        parse_output(out);
        break;
      case Token::Kind::block_begin: {
        const Token& word = ahead();
        const bool ended = word.kind == Token::Kind::name && std::ranges::find(ends, word.text) != ends.end();
        take();
        if (ended) return out;
        out.push_back(parse_statement());
        break;
      }
      case Token::Kind::end:
        if (ends.size() > 0) fail(concat("{% ", *(ends.end() - 1), " %} is missing"));
        return out;
      default:
        unexpected("text");
    }
  }
}

void Parser::parse_output(Body& out) {
  auto output = statement(Statement::Kind::output);
  take();
  output->outputs.push_back(parse_tuple());
  expect(Token::Kind::output_end, "}}");
  out.push_back(std::move(output));
}

std::unique_ptr<const Statement> Parser::parse_statement() {
  const std::string word = current().kind == Token::Kind::name ? current().text : std::string();
  if (word == "if") return parse_if();
  if (word == "for") return parse_for();
  if (word == "set") return parse_set();
  if (word == "macro") return parse_macro();
  if (word == "call") return parse_call_block();
  if (word == "filter") return parse_filter_block();
  if (word == "with") return parse_with();
  if (word == "generation") return parse_scope("endgeneration");
  if (word == "break") return parse_jump(Statement::Kind::stop);
  if (word == "continue") return parse_jump(Statement::Kind::next);
  if (word == "print") {
    auto print = statement(Statement::Kind::output);
    take();
    while (current().kind != Token::Kind::block_end) {
      if (!print->outputs.empty()) expect_mark(",");
      print->outputs.push_back(parse_expression());
    }
    end_block();
    return print;
  }
  for (const std::string_view foreign : {"include", "import", "from", "extends", "block"}) {
    if (word == foreign) fail(concat("{% ", word, " %} belongs to templates of several files, which a model has not"));
  }
  unexpected("a statement");
}

std::unique_ptr<const Statement> Parser::parse_if() {
  auto out = statement(Statement::Kind::conditional);
  ++branches_;
  bool more = true;
  while (more) {
    take();  // if, elif
    Statement::Branch branch;
    branch.condition = parse_tuple(false);
    end_block();
    branch.body = parse_body({"elif", "else", "endif"});
    out->branches.push_back(std::move(branch));
    more = at_word("elif");
  }
  if (skip_word("else")) {
    end_block();
    out->branches.push_back({nullptr, parse_body({"endif"})});
  }
  --branches_;
  expect_word("endif");
  end_block();
  return out;
}

std::unique_ptr<const Statement> Parser::parse_for() {
  auto out = statement(Statement::Kind::loop);
  take();
  out->targets.push_back(parse_target(false));
  expect_word("in");
  out->expressions.push_back(parse_tuple(false, false, {"recursive"}));
  if (skip_word("if")) out->condition = parse_expression();
  out->recursive = skip_word("recursive");
  end_block();
  ++loops_;
  out->body = parse_body({"else", "endfor"});
  --loops_;
  if (skip_word("else")) {
    end_block();
    out->otherwise = parse_body({"endfor"});
  }
  expect_word("endfor");
  end_block();
  return out;
}

Target Parser::parse_single_target(bool with_attribute) {
  const Nesting nesting(*this);
  Target out;
  if (skip_mark("(")) {
    out = parse_target(with_attribute);
    expect_mark(")");
    return out;
  }
  out.name = take_name("a name to assign to");
  for (const std::string_view reserved : {"true", "false", "none", "True", "False", "None"}) {
    if (out.name == reserved) fail(concat("nothing can be assigned to ", reserved));
  }
  if (with_attribute && skip_mark(".")) {
    out.kind = Target::Kind::attribute;
    out.attribute = take_name("an attribute's name");
  }
  return out;
}

Target Parser::parse_target(bool with_attribute) {
  Target first = parse_single_target(with_attribute);
  if (!at_mark(",")) return first;
  Target out;
  out.kind = Target::Kind::tuple;
  out.parts.push_back(std::move(first));
  while (skip_mark(",")) {
    if (current().kind != Token::Kind::name && !at_mark("(")) break;
    if (at_word("in")) break;
    out.parts.push_back(parse_single_target(with_attribute));
  }
  return out;
}

std::unique_ptr<const Statement> Parser::parse_set() {
  auto out = statement(Statement::Kind::set);
  take();
  out->targets.push_back(parse_target(true));
  if (skip_mark("=")) {
    out->expressions.push_back(parse_tuple());
    end_block();
    return out;
  }
  out->kind = Statement::Kind::set_block;
  out->expressions.push_back(parse_filters(nullptr, true));
  end_block();
  out->body = parse_body({"endset"});
  expect_word("endset");
  end_block();
  return out;
}

void Parser::parse_signature(Macro& macro) {
  expect_mark("(");
  while (!at_mark(")")) {
    if (!macro.parameters.empty()) expect_mark(",");
    if (at_mark(")")) break;
    macro.parameters.push_back(take_name("a parameter's name"));
    if (skip_mark("=")) {
      macro.defaults.push_back(parse_expression());
    } else if (!macro.defaults.empty()) {
      fail("a parameter without a default follows one with a default");
    }
  }
  expect_mark(")");
}

std::unique_ptr<const Statement> Parser::parse_macro() {
  auto out = statement(Statement::Kind::macro);
  take();
  auto macro = std::make_unique<Macro>();
  macro->name = take_name("the macro's name");
  macros_.push_back(macro.get());
  parse_signature(*macro);
  end_block();
  const int loops = std::exchange(loops_, 0);
  macro->body = parse_body({"endmacro"});
  loops_ = loops;
  macros_.pop_back();
  expect_word("endmacro");
  end_block();
  out->macro = std::move(macro);
  return out;
}

std::unique_ptr<const Statement> Parser::parse_call_block() {
  auto out = statement(Statement::Kind::call);
  take();
  auto macro = std::make_unique<Macro>();
  macro->name = "caller";
  if (at_mark("(")) parse_signature(*macro);
  ExpressionPtr call = parse_expression();
  if (call->kind != Expression::Kind::call) fail("{% call %} is expected to call something");
  out->expressions.push_back(std::move(call));
  end_block();
  const int loops = std::exchange(loops_, 0);
  macro->body = parse_body({"endcall"});
  loops_ = loops;
  expect_word("endcall");
  end_block();
  out->macro = std::move(macro);
  return out;
}

std::unique_ptr<const Statement> Parser::parse_filter_block() {
  auto out = statement(Statement::Kind::filter);
  take();
  ExpressionPtr filter = parse_one_filter(nullptr);
  while (skip_mark("|")) filter = parse_one_filter(std::move(filter));
  out->expressions.push_back(std::move(filter));
  end_block();
  out->body = parse_body({"endfilter"});
  expect_word("endfilter");
  end_block();
  return out;
}

std::unique_ptr<const Statement> Parser::parse_with() {
  auto out = statement(Statement::Kind::scope);
  take();
  while (current().kind != Token::Kind::block_end) {
    if (!out->targets.empty()) expect_mark(",");
    out->targets.push_back(parse_single_target(false));
    expect_mark("=");
    out->expressions.push_back(parse_expression());
  }
  end_block();
  out->body = parse_body({"endwith"});
  expect_word("endwith");
  end_block();
  return out;
}

std::unique_ptr<const Statement> Parser::parse_scope(std::string_view end) {
  auto out = statement(Statement::Kind::scope);
  take();
  end_block();
  out->body = parse_body({end});
  expect_word(end);
  end_block();
  return out;
}

std::unique_ptr<const Statement> Parser::parse_jump(Statement::Kind kind) {
  if (loops_ == 0) fail(concat("{% ", current().text, " %} stands outside a loop"));
  auto out = statement(kind);
  take();
  end_block();
  return out;
}

}  // namespace hadal::jinja
