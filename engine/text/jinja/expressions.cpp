#include "base/text.h"
#include "text/jinja/filters.h"
#include "text/jinja/globals.h"
#include "text/jinja/methods.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/runtime.h"
#include "text/jinja/tests.h"

namespace hadal::jinja {

Value Runtime::evaluate(const Expression& expression) {
  using Kind = Expression::Kind;
  budget_.step();
  const Depth depth(budget_);
  line_ = expression.line;
  const auto child = [&](std::size_t i) { return evaluate(*expression.children[i]); };
  switch (expression.kind) {
    case Kind::constant:
      return expression.constant;
    case Kind::name:
      return evaluate_name(expression);
    case Kind::list:
    case Kind::tuple:
    case Kind::dict:
      return evaluate_container(expression);
    case Kind::attribute:
      return get_attribute(*this, child(0), expression.name, &expression.name);
    case Kind::item:
      return evaluate_item(expression);
    case Kind::slice:
      fail("a slice stands where no slice can be");
    case Kind::call:
      return evaluate_call(expression);
    case Kind::filter: {
      const Value input = child(0);
      return evaluate_filter(expression, &input);
    }
    case Kind::test:
      return evaluate_test(expression);
    case Kind::negate:
      return negate(*this, child(0));
    case Kind::plus: {
      Value value = child(0);
      if (!value.is_number()) fail(concat("there is no + before ", kind_name(value)));
      return value.is(Value::Kind::boolean) ? Value::integer(value.as_integer()) : value;
    }
    case Kind::invert:
      return Value::boolean(!truthy(child(0)));
    case Kind::binary:
      return evaluate_binary(expression);
    case Kind::join:
      return evaluate_join(expression);
    case Kind::compare:
      return evaluate_compare(expression);
    case Kind::conjunction: {
      Value left = child(0);
      return truthy(left) ? child(1) : left;
    }
    case Kind::disjunction: {
      Value left = child(0);
      return truthy(left) ? left : child(1);
    }
    case Kind::conditional:
      if (truthy(child(1))) return child(0);
      return expression.children[2] ? child(2) : Value();
  }
  return {};
}

Value Runtime::evaluate_name(const Expression& expression) {
  if (const Value* found = look_up(expression.name)) return *found;
  if (auto global = find_global(expression.name)) return *std::move(global);
  return Value::missing(&expression.name);
}

Value Runtime::evaluate_binary(const Expression& expression) {
  const Value left = evaluate(*expression.children[0]);
  const Value right = evaluate(*expression.children[1]);
  line_ = expression.line;
  return binary(*this, expression.name, left, right);
}

Value Runtime::evaluate_join(const Expression& expression) {
  Text out;
  for (const auto& child : expression.children) {
    const Text piece = to_text(*this, evaluate(*child));
    budget_.work(piece.size());
    budget_.room(out.size() + piece.size());
    out.append(piece);
  }
  return string(std::move(out));
}

Value Runtime::evaluate_compare(const Expression& expression) {
  Value left = evaluate(*expression.children[0]);
  for (std::size_t i = 0; i < expression.operators.size(); ++i) {
    Value right = evaluate(*expression.children[i + 1]);
    const std::string& sign = expression.operators[i];
    line_ = expression.line;
    bool holds = false;
    if (sign == "==") {
      holds = equal(*this, left, right);
    } else if (sign == "!=") {
      holds = !equal(*this, left, right);
    } else if (sign == "in") {
      holds = contains(*this, left, right);
    } else if (sign == "not in") {
      holds = !contains(*this, left, right);
    } else {
      const int way = order(*this, left, right);
      // NaN is neither smaller nor larger nor the same.
      const bool unordered = way == 0 && left.is_number() && right.is_number() && !equal(*this, left, right);
      holds = !unordered && (sign == "<" ? way < 0 : sign == "<=" ? way <= 0 : sign == ">" ? way > 0 : way >= 0);
    }
    if (!holds) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Value Runtime::evaluate_container(const Expression& expression) {
  Values items;
  for (const auto& child : expression.children) items.push_back(evaluate(*child));
  if (expression.kind == Expression::Kind::list) return list(std::move(items));
  if (expression.kind == Expression::Kind::tuple) return tuple(std::move(items));
  std::vector<DictObject::Entry> entries;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) entries.emplace_back(items[i], items[i + 1]);
  return make_dict(*this, std::move(entries));
}

Value Runtime::evaluate_slice(const Value& base, const Expression& slice) {
  const auto bound = [&](std::size_t i) { return slice.children[i] ? evaluate(*slice.children[i]) : Value(); };
  const Value start = bound(0), stop = bound(1), step = bound(2);
  return get_slice(*this, base, start, stop, step);
}

Value Runtime::evaluate_item(const Expression& expression) {
  const Value base = evaluate(*expression.children[0]);
  const Expression& index = *expression.children[1];
  if (index.kind == Expression::Kind::slice) return evaluate_slice(base, index);
  const Value key = evaluate(index);
  line_ = expression.line;
  const bool constant = index.kind == Expression::Kind::constant && key.is(Value::Kind::string);
  return get_item(*this, base, key, constant ? &index.constant.bytes() : nullptr);
}

Arguments Runtime::evaluate_arguments(const Expression& expression) {
  Arguments out;
  for (const ArgumentNode& argument : expression.arguments) {
    Value value = evaluate(*argument.value);
    switch (argument.kind) {
      case ArgumentNode::Kind::positional:
        out.positional.push_back(std::move(value));
        break;
      case ArgumentNode::Kind::named:
        out.named.emplace_back(argument.name, std::move(value));
        break;
      case ArgumentNode::Kind::spread:
        for (Value& item : iterate(*this, value)) out.positional.push_back(std::move(item));
        break;
      case ArgumentNode::Kind::spread_named:
        if (!value.is(Value::Kind::dict)) fail(concat("** takes a dictionary, not ", kind_name(value)));
        for (const auto& [key, item] : value.as<DictObject>().entries) {
          if (!key.is(Value::Kind::string)) fail("** takes a dictionary of strings");
          out.named.emplace_back(key.bytes(), item);
        }
        break;
    }
  }
  line_ = expression.line;
  return out;
}

Value Runtime::evaluate_call(const Expression& expression) {
  const Expression& callee = *expression.children[0];
  // A method is called without being made a value first.
  if (callee.kind == Expression::Kind::attribute) {
    const Value base = evaluate(*callee.children[0]);
    const Method* method = callee.name.starts_with('_') ? nullptr : find_method(base, callee.name);
    const Arguments arguments = evaluate_arguments(expression);
    if (method != nullptr) {
      const Depth depth(budget_);
      return method->call(*this, base, arguments);
    }
    return call(get_attribute(*this, base, callee.name, &callee.name), arguments);
  }
  const Value function = evaluate(callee);
  return call(function, evaluate_arguments(expression));
}

Value Runtime::evaluate_filter(const Expression& expression, const Value* input) {
  if (expression.filter == nullptr) fail(concat("there is no filter ", printable(expression.name)));
  const Arguments arguments = evaluate_arguments(expression);
  return expression.filter->call(*this, *input, arguments);
}

Value Runtime::evaluate_test(const Expression& expression) {
  const Value input = evaluate(*expression.children[0]);
  if (expression.test == nullptr) fail(concat("there is no test ", printable(expression.name)));
  const Arguments arguments = evaluate_arguments(expression);
  return Value::boolean(expression.test->call(*this, input, arguments));
}

}  // namespace hadal::jinja
