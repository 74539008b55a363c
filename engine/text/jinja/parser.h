#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace hadal::jinja {

/// Tokens to a tree, by Jinja2's grammar. Throws SyntaxError.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  Body parse();

 private:
  using Words = std::initializer_list<std::string_view>;

  // The stream of tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead(std::size_t by = 1) const { return tokens_[std::min(at_ + by, tokens_.size() - 1)]; }
  Token take();
  bool at_mark(std::string_view mark) const { return is(current(), Token::Kind::mark, mark); }
  bool at_word(std::string_view word) const { return is(current(), Token::Kind::name, word); }
  bool skip_mark(std::string_view mark);
  bool skip_word(std::string_view word);
  void expect_mark(std::string_view mark);
  void expect_word(std::string_view word);
  void expect(Token::Kind kind, std::string_view what);
  std::string take_name(std::string_view what);
  static bool is(const Token& token, Token::Kind kind, std::string_view text);
  [[noreturn]] void fail(std::string message) const;
  [[noreturn]] void unexpected(std::string_view wanted) const;

  // Statements.
  Body parse_body(Words ends);
  std::unique_ptr<Statement> statement(Statement::Kind kind) const;
  void parse_output(Body& out);
  std::unique_ptr<const Statement> parse_statement();
  std::unique_ptr<const Statement> parse_if();
  std::unique_ptr<const Statement> parse_for();
  std::unique_ptr<const Statement> parse_set();
  std::unique_ptr<const Statement> parse_macro();
  std::unique_ptr<const Statement> parse_call_block();
  std::unique_ptr<const Statement> parse_filter_block();
  std::unique_ptr<const Statement> parse_with();
  std::unique_ptr<const Statement> parse_scope(std::string_view end);
  std::unique_ptr<const Statement> parse_jump(Statement::Kind kind);
  void parse_signature(Macro& macro);
  void end_block();
  Target parse_target(bool with_attribute);
  Target parse_single_target(bool with_attribute);

  // Expressions, from the loosest binding to the tightest.
  ExpressionPtr parse_expression(bool with_conditional = true);
  ExpressionPtr parse_conditional();
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_join();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary(bool with_filter = true);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_tuple(bool with_conditional = true, bool parenthesised = false, Words ends = {});
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr left);
  ExpressionPtr parse_filters(ExpressionPtr left, bool only_filters = false);
  ExpressionPtr parse_one_filter(ExpressionPtr left);
  ExpressionPtr parse_test(ExpressionPtr left);
  ExpressionPtr parse_attribute(ExpressionPtr left);
  ExpressionPtr parse_index();
  std::vector<ArgumentNode> parse_arguments();
  std::string parse_dotted_name(std::string_view what);

  std::unique_ptr<Expression> node(Expression::Kind kind) const;
  ExpressionPtr finish(std::unique_ptr<Expression> node) const;
  ExpressionPtr binary(ExpressionPtr left, ExpressionPtr right, std::string sign) const;
  ExpressionPtr constant(Value value) const;
  bool at_tuple_end(Words ends) const;

  /// One more level of nesting while it lives.
  class Nesting {
   public:
    explicit Nesting(Parser& parser);
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int loops_ = 0;
  int branches_ = 0;                  ///< Inside an if: what is unknown there fails only when it is reached.
  std::vector<SyntaxError> unknown_;  ///< Filters and tests that are not there, outside of anything that may not run.
  std::vector<Macro*> macros_;        ///< Being parsed, the innermost last.
};

}  // namespace hadal::jinja
