#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/filters.h"
#include "text/jinja/parser.h"
#include "text/jinja/tests.h"

namespace hadal::jinja {
namespace {

// Of an expression's tree, chains such as a + b + c ... included: the evaluator recurses over it.
constexpr int kHighest = 200;

}  // namespace

std::unique_ptr<Expression> Parser::node(Expression::Kind kind) const {
  auto out = std::make_unique<Expression>();
  out->kind = kind;
  out->line = current().line;
  return out;
}

ExpressionPtr Parser::finish(std::unique_ptr<Expression> made) const {
  int height = 0;
  for (const auto& child : made->children) height = std::max(height, child ? child->height : 0);
  for (const auto& argument : made->arguments) height = std::max(height, argument.value->height);
  if (height >= kHighest) fail(concat("an expression has more than ", kHighest, " steps"));
  made->height = height + 1;
  return made;
}

ExpressionPtr Parser::binary(ExpressionPtr left, ExpressionPtr right, std::string sign) const {
  auto out = node(Expression::Kind::binary);
  out->name = std::move(sign);
  out->children.push_back(std::move(left));
  out->children.push_back(std::move(right));
  return finish(std::move(out));
}

ExpressionPtr Parser::constant(Value value) const {
  auto out = node(Expression::Kind::constant);
  out->constant = std::move(value);
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_expression(bool with_conditional) {
  const Nesting nesting(*this);
  return with_conditional ? parse_conditional() : parse_or();
}

ExpressionPtr Parser::parse_conditional() {
  const std::size_t unknown = unknown_.size();
  ExpressionPtr value = parse_or();
  while (at_word("if")) {
    unknown_.resize(unknown);
    auto out = node(Expression::Kind::conditional);
    take();
    ++branches_;
    out->children.push_back(std::move(value));
    out->children.push_back(parse_or());
    out->children.push_back(skip_word("else") ? parse_expression() : nullptr);
    --branches_;
    value = finish(std::move(out));
  }
  return value;
}

ExpressionPtr Parser::parse_or() {
  ExpressionPtr left = parse_and();
  while (at_word("or")) {
    auto out = node(Expression::Kind::disjunction);
    take();
    out->children.push_back(std::move(left));
    out->children.push_back(parse_and());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::parse_and() {
  ExpressionPtr left = parse_not();
  while (at_word("and")) {
    auto out = node(Expression::Kind::conjunction);
    take();
    out->children.push_back(std::move(left));
    out->children.push_back(parse_not());
    left = finish(std::move(out));
  }
  return left;
}

ExpressionPtr Parser::parse_not() {
  if (!at_word("not")) return parse_compare();
  const Nesting nesting(*this);
  auto out = node(Expression::Kind::invert);
  take();
  out->children.push_back(parse_not());
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_compare() {
  static constexpr std::array<std::string_view, 6> signs = {"==", "!=", ">", ">=", "<", "<="};
  ExpressionPtr left = parse_sum();
  std::unique_ptr<Expression> out;
  for (;;) {
    std::string sign;
    if (current().kind == Token::Kind::mark && std::ranges::find(signs, current().text) != signs.end()) {
      sign = take().text;
    } else if (skip_word("in")) {
      sign = "in";
    } else if (at_word("not") && is(ahead(), Token::Kind::name, "in")) {
      take();
      take();
      sign = "not in";
    } else {
      break;
    }
    if (!out) {
      out = node(Expression::Kind::compare);
      out->children.push_back(std::move(left));
    }
    out->operators.push_back(std::move(sign));
    out->children.push_back(parse_sum());
  }
  return out ? finish(std::move(out)) : std::move(left);
}

ExpressionPtr Parser::parse_sum() {
  ExpressionPtr left = parse_join();
  while (at_mark("+") || at_mark("-")) {
    std::string sign = take().text;
    left = binary(std::move(left), parse_join(), std::move(sign));
  }
  return left;
}

ExpressionPtr Parser::parse_join() {
  ExpressionPtr first = parse_product();
  if (!at_mark("~")) return first;
  auto out = node(Expression::Kind::join);
  out->children.push_back(std::move(first));
  while (skip_mark("~")) out->children.push_back(parse_product());
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_product() {
  ExpressionPtr left = parse_power();
  while (at_mark("*") || at_mark("/") || at_mark("//") || at_mark("%")) {
    std::string sign = take().text;
    left = binary(std::move(left), parse_power(), std::move(sign));
  }
  return left;
}

ExpressionPtr Parser::parse_power() {
  ExpressionPtr left = parse_unary();
  while (skip_mark("**")) left = binary(std::move(left), parse_unary(), "**");
  return left;
}

ExpressionPtr Parser::parse_unary(bool with_filter) {
  const Nesting nesting(*this);
  ExpressionPtr out;
  if (at_mark("-") || at_mark("+")) {
    auto sign = node(at_mark("-") ? Expression::Kind::negate : Expression::Kind::plus);
    take();
    sign->children.push_back(parse_unary(false));
    out = finish(std::move(sign));
  } else {
    out = parse_primary();
  }
  out = parse_postfix(std::move(out));
  return with_filter ? parse_filters(std::move(out)) : std::move(out);
}

ExpressionPtr Parser::parse_primary() {
  const Token token = current();
  if (token.kind == Token::Kind::name) {
    const std::string& word = token.text;
    if (word == "true" || word == "True" || word == "false" || word == "False") {
      take();
      return constant(Value::boolean(word == "true" || word == "True"));
    }
    if (word == "none" || word == "None") {
      take();
      return constant(Value::none());
    }
    auto out = node(Expression::Kind::name);
    out->name = take().text;
    for (Macro* macro : macros_) {
      macro->uses_varargs = macro->uses_varargs || out->name == "varargs";
      macro->uses_kwargs = macro->uses_kwargs || out->name == "kwargs";
      macro->uses_caller = macro->uses_caller || out->name == "caller";
    }
    return finish(std::move(out));
  }
  if (token.kind == Token::Kind::string) {
    std::string text;
    while (current().kind == Token::Kind::string) text += take().text;
    return constant(Value(Value::Kind::string, std::make_shared<StringObject>(nullptr, Text(std::move(text)))));
  }
  if (token.kind == Token::Kind::integer || token.kind == Token::Kind::real) {
    take();
    return constant(token.kind == Token::Kind::integer ? Value::integer(token.integer) : Value::real(token.real));
  }
  if (skip_mark("(")) {
    ExpressionPtr out = parse_tuple(true, true);
    expect_mark(")");
    return out;
  }
  if (at_mark("[")) return parse_list();
  if (at_mark("{")) return parse_dict();
  unexpected("a value");
}

bool Parser::at_tuple_end(Words ends) const {
  const auto kind = current().kind;
  if (kind == Token::Kind::output_end || kind == Token::Kind::block_end || at_mark(")")) return true;
  return kind == Token::Kind::name && std::ranges::find(ends, current().text) != ends.end();
}

/// One expression, or several with commas between as a tuple.
ExpressionPtr Parser::parse_tuple(bool with_conditional, bool parenthesised, Words ends) {
  auto out = node(Expression::Kind::tuple);
  bool is_tuple = false;
  while (!at_tuple_end(ends)) {
    out->children.push_back(parse_expression(with_conditional));
    if (!skip_mark(",")) break;
    is_tuple = true;
  }
  if (out->children.empty() && !parenthesised) unexpected("a value");
  if (!is_tuple && !out->children.empty()) return std::move(out->children.front());
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_list() {
  auto out = node(Expression::Kind::list);
  take();
  while (!at_mark("]")) {
    if (!out->children.empty()) expect_mark(",");
    if (at_mark("]")) break;
    out->children.push_back(parse_expression());
  }
  expect_mark("]");
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_dict() {
  auto out = node(Expression::Kind::dict);
  take();
  while (!at_mark("}")) {
    if (!out->children.empty()) expect_mark(",");
    if (at_mark("}")) break;
    out->children.push_back(parse_expression());
    expect_mark(":");
    out->children.push_back(parse_expression());
  }
  expect_mark("}");
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_postfix(ExpressionPtr left) {
  for (;;) {
    if (at_mark(".") || at_mark("[")) {
      left = parse_attribute(std::move(left));
    } else if (at_mark("(")) {
      auto out = node(Expression::Kind::call);
      out->children.push_back(std::move(left));
      out->arguments = parse_arguments();
      left = finish(std::move(out));
    } else {
      return left;
    }
  }
}

ExpressionPtr Parser::parse_attribute(ExpressionPtr left) {
  auto out = node(Expression::Kind::item);
  const bool dot = take().text == ".";
  if (dot && current().kind == Token::Kind::name) {
    out->kind = Expression::Kind::attribute;
    out->name = take().text;
    out->children.push_back(std::move(left));
    return finish(std::move(out));
  }
  out->children.push_back(std::move(left));
  if (dot) {
    if (current().kind != Token::Kind::integer) unexpected("an attribute's name");
    out->children.push_back(constant(Value::integer(take().integer)));
    return finish(std::move(out));
  }
  auto indices = node(Expression::Kind::tuple);
  indices->children.push_back(parse_index());
  while (skip_mark(",")) indices->children.push_back(parse_index());
  expect_mark("]");
  out->children.push_back(indices->children.size() == 1 ? std::move(indices->children.front())
                                                        : finish(std::move(indices)));
  return finish(std::move(out));
}

/// i, or start:stop:step with any of the three left out.
ExpressionPtr Parser::parse_index() {
  auto slice = node(Expression::Kind::slice);
  const auto ends = [&] { return at_mark("]") || at_mark(",") || at_mark(":"); };
  ExpressionPtr first = ends() ? nullptr : parse_expression();
  if (!at_mark(":")) {
    if (!first) unexpected("an index");
    return first;
  }
  slice->children.push_back(std::move(first));
  while (slice->children.size() < 3)
    slice->children.push_back(skip_mark(":") && !ends() ? parse_expression() : nullptr);
  return finish(std::move(slice));
}

std::vector<ArgumentNode> Parser::parse_arguments() {
  std::vector<ArgumentNode> out;
  bool named = false;
  expect_mark("(");
  while (!at_mark(")")) {
    if (!out.empty()) expect_mark(",");
    if (at_mark(")")) break;
    ArgumentNode argument;
    if (skip_mark("**")) {
      argument.kind = ArgumentNode::Kind::spread_named;
      named = true;
    } else if (skip_mark("*")) {
      argument.kind = ArgumentNode::Kind::spread;
    } else if (current().kind == Token::Kind::name && is(ahead(), Token::Kind::mark, "=")) {
      argument.kind = ArgumentNode::Kind::named;
      argument.name = take().text;
      take();
      named = true;
    } else if (named) {
      fail("an argument without a name follows one with a name");
    }
    argument.value = parse_expression();
    out.push_back(std::move(argument));
  }
  expect_mark(")");
  return out;
}

ExpressionPtr Parser::parse_filters(ExpressionPtr left, bool only_filters) {
  for (;;) {
    if (skip_mark("|")) {
      left = parse_one_filter(std::move(left));
    } else if (!only_filters && at_word("is")) {
      left = parse_test(std::move(left));
    } else if (!only_filters && at_mark("(")) {
      // Calls bind to what a filter gives, too.
      left = parse_postfix(std::move(left));
    } else {
      return left;
    }
  }
}

std::string Parser::parse_dotted_name(std::string_view what) {
  std::string name = take_name(what);
  while (skip_mark(".")) name += concat(".", take_name(what));
  return name;
}

ExpressionPtr Parser::parse_one_filter(ExpressionPtr left) {
  auto out = node(Expression::Kind::filter);
  out->name = parse_dotted_name("a filter's name");
  out->filter = find_filter(out->name);
  if (out->filter == nullptr && branches_ == 0) {
    unknown_.push_back({concat("there is no filter ", printable(out->name)), current().line});
  }
  if (at_mark("(")) out->arguments = parse_arguments();
  out->children.push_back(std::move(left));
  return finish(std::move(out));
}

ExpressionPtr Parser::parse_test(ExpressionPtr left) {
  auto out = node(Expression::Kind::test);
  take();
  const bool negated = skip_word("not");
  out->name = parse_dotted_name("a test's name");
  out->test = find_test(out->name);
  if (out->test == nullptr && branches_ == 0) {
    unknown_.push_back({concat("there is no test ", printable(out->name)), current().line});
  }
  out->children.push_back(std::move(left));
  const auto kind = current().kind;
  const bool operand = kind == Token::Kind::string || kind == Token::Kind::integer || kind == Token::Kind::real ||
                       at_mark("[") || at_mark("{") ||
                       (kind == Token::Kind::name && !at_word("else") && !at_word("or") && !at_word("and"));
  if (at_mark("(")) {
    out->arguments = parse_arguments();
  } else if (operand) {
    if (at_word("is")) fail("tests cannot be chained with is");
    // x is test if y: the operand is not there.
    if (!at_word("if") && !at_word("recursive")) {
      ArgumentNode argument;
      argument.value = parse_postfix(parse_primary());
      out->arguments.push_back(std::move(argument));
    }
  }
  ExpressionPtr test = finish(std::move(out));
  if (!negated) return test;
  auto inverted = node(Expression::Kind::invert);
  inverted->children.push_back(std::move(test));
  return finish(std::move(inverted));
}

}  // namespace hadal::jinja
