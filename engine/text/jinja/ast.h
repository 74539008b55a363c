#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/jinja/value.h"

namespace hadal::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;
struct Filter;
struct Test;

struct ArgumentNode {
  enum class Kind { positional, named, spread, spread_named };
  Kind kind = Kind::positional;
  std::string name;  ///< Of a named one.
  ExpressionPtr value;
};

struct Expression {
  enum class Kind {
    constant,
    name,
    list,
    tuple,
    dict,       ///< children: key, value, key, value ...
    attribute,  ///< children[0].name
    item,       ///< children[0][children[1]]
    slice,      ///< children: start, stop, step; null where left out. Only as the index of an item.
    call,       ///< children[0](arguments)
    filter,     ///< children[0] | name(arguments); children[0] is null in {% filter %}
    test,       ///< children[0] is name(arguments)
    negate,
    plus,
    invert,   ///< not
    binary,   ///< text: one of + - * / // % **
    join,     ///< children joined with ~
    compare,  ///< children[0] operators[0] children[1] operators[1] ...
    conjunction,
    disjunction,
    conditional,  ///< children: value, condition, alternative (may be null)
  };
  Kind kind = Kind::constant;
  int line = 0;
  int height = 1;    ///< Of the tree below: bounds the evaluator's recursion.
  std::string name;  ///< Of a name, attribute, filter, test; the sign of a binary operation.
  Value constant;
  std::vector<ExpressionPtr> children;
  std::vector<ArgumentNode> arguments;
  std::vector<std::string> operators;
  const Filter* filter = nullptr;  ///< Null: unknown, an error when it is reached.
  const Test* test = nullptr;
};

/// What a for, set or with assigns to.
struct Target {
  enum class Kind { name, attribute, tuple };
  Kind kind = Kind::name;
  std::string name;
  std::string attribute;  ///< {% set name.attribute = ... %}
  std::vector<Target> parts;
};

struct Statement;
using Body = std::vector<std::unique_ptr<const Statement>>;

struct Macro {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<ExpressionPtr> defaults;  ///< Of the last parameters.
  Body body;
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
};

struct Statement {
  enum class Kind {
    text,
    output,
    conditional,  ///< branches, the last may have no condition
    loop,
    set,        ///< target = expression
    set_block,  ///< body, filtered by expression if it is there
    macro,
    call,    ///< expression called with `macro` as caller
    filter,  ///< body filtered by expression
    scope,   ///< body with names of its own: with, block, generation
    stop,    ///< break
    next,    ///< continue
  };
  struct Branch {
    ExpressionPtr condition;
    Body body;
  };
  Kind kind = Kind::text;
  int line = 0;
  Text text;
  std::vector<ExpressionPtr> outputs;
  std::vector<Branch> branches;
  std::vector<Target> targets;             ///< loop, set: one; with: any number
  std::vector<ExpressionPtr> expressions;  ///< what the targets are set to; a loop's, a call's, a filter's expression
  ExpressionPtr condition;                 ///< of a loop: for x in y if condition
  bool recursive = false;
  Body body, otherwise;
  std::unique_ptr<const Macro> macro;
};

}  // namespace hadal::jinja
