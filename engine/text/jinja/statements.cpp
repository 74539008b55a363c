#include "base/text.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/runtime.h"

namespace hadal::jinja {

void Runtime::write(const Text& text) {
  budget_.work(text.size());
  budget_.room(out_->size() + text.size());
  budget_.output(out_->size() + text.size());
  out_->append(text);
}

template <class Action>
Text Runtime::captured(Action action) {
  Text out;
  Text* const outside = std::exchange(out_, &out);
  action();
  out_ = outside;
  return out;
}

Runtime::Flow Runtime::run(const Body& body) {
  for (const auto& statement : body) {
    const Flow flow = run(*statement);
    if (flow != Flow::on) return flow;
  }
  return Flow::on;
}

Runtime::Flow Runtime::run(const Statement& statement) {
  using Kind = Statement::Kind;
  budget_.step();
  const Depth depth(budget_);
  line_ = statement.line;
  switch (statement.kind) {
    case Kind::text:
      write(statement.text);
      break;
    case Kind::output:
      for (const auto& output : statement.outputs) write(to_text(*this, evaluate(*output)));
      break;
    case Kind::conditional:
      return run_conditional(statement);
    case Kind::loop:
      run_loop(statement, evaluate(*statement.expressions[0]), loop_depth_);
      break;
    case Kind::set:
    case Kind::set_block:
      run_set(statement);
      break;
    case Kind::macro:
      capture(scope_);
      bind(statement.macro->name, keep(std::make_unique<MacroObject>(*statement.macro, scope_)));
      break;
    case Kind::call:
      run_call_block(statement);
      break;
    case Kind::filter:
    case Kind::scope:
      run_scope(statement);
      break;
    case Kind::stop:
      return Flow::stop;
    case Kind::next:
      return Flow::next;
  }
  return Flow::on;
}

Runtime::Flow Runtime::run_conditional(const Statement& statement) {
  for (const Statement::Branch& branch : statement.branches) {
    if (!branch.condition || truthy(evaluate(*branch.condition))) return run(branch.body);
  }
  return Flow::on;
}

/// The elements a loop goes over: those its condition lets through.
Values Runtime::kept_items(const Statement& statement, const Value& items) {
  Values all = iterate(*this, items);
  if (!statement.condition) return all;
  Scope* const outer = scope_;
  Values out;
  for (Value& item : all) {
    enter_scope(outer);
    assign(statement.targets[0], item);
    const bool kept = truthy(evaluate(*statement.condition));
    leave_scope(outer);
    if (kept) out.push_back(std::move(item));
  }
  return out;
}

void Runtime::run_loop(const Statement& statement, const Value& items, int depth) {
  Scope* const outer = scope_;
  const auto loop = std::make_shared<LoopObject>(statement, kept_items(statement, items), depth, outer);
  const Charge charge(&budget_, sizeof(LoopObject) + loop->size() * sizeof(Value));
  const int loop_depth = std::exchange(loop_depth_, 0);
  run_iterations(statement, *loop, Value(Value::Kind::callable, loop), outer);
  loop_depth_ = loop_depth;
  loop->end();
  if (loop->size() == 0) {
    enter_scope(outer);
    run(statement.otherwise);
    leave_scope(outer);
  }
}

void Runtime::run_iterations(const Statement& statement, LoopObject& loop, const Value& self, Scope* outer) {
  for (std::size_t i = 0; i < loop.size(); ++i) {
    budget_.step();
    loop.go_to(i);
    enter_scope(outer);
    bind("loop", self);
    assign(statement.targets[0], loop.item(i));
    const Flow flow = run(statement.body);
    leave_scope(outer);
    if (flow == Flow::stop) return;
  }
}

Value Runtime::recurse(const Statement& loop, Scope* scope, const Value& items, int depth) {
  Scope* const inner = std::exchange(scope_, scope);
  Text out = captured([&] { run_loop(loop, items, depth); });
  scope_ = inner;
  return string(std::move(out));
}

void Runtime::run_set(const Statement& statement) {
  const Expression* expression = statement.expressions[0].get();
  if (statement.kind == Statement::Kind::set) return assign(statement.targets[0], evaluate(*expression));
  Scope* const outer = scope_;
  enter_scope(outer);
  Value value = string(captured([&] { run(statement.body); }));
  leave_scope(outer);
  assign(statement.targets[0], expression == nullptr ? value : filtered(*expression, value));
}

/// A chain of filters whose first input is not part of the expression.
Value Runtime::filtered(const Expression& expression, const Value& input) {
  const Expression* inner = expression.children[0].get();
  const Value value = inner == nullptr ? input : filtered(*inner, input);
  line_ = expression.line;
  return evaluate_filter(expression, &value);
}

void Runtime::run_call_block(const Statement& statement) {
  const Expression& expression = *statement.expressions[0];
  capture(scope_);
  const Value caller = keep(std::make_unique<MacroObject>(*statement.macro, scope_));
  const Value function = evaluate(*expression.children[0]);
  Arguments arguments = evaluate_arguments(expression);
  arguments.named.emplace_back("caller", caller);
  write(to_text(*this, call(function, arguments)));
}

void Runtime::run_scope(const Statement& statement) {
  Scope* const outer = scope_;
  const bool is_filter = statement.kind == Statement::Kind::filter;
  // The values of {% with %} do not see one another.
  Values values;
  for (const auto& expression : statement.expressions) {
    if (!is_filter) values.push_back(evaluate(*expression));
  }
  enter_scope(outer);
  for (std::size_t i = 0; i < values.size(); ++i) assign(statement.targets[i], values[i]);
  const Text text = captured([&] { run(statement.body); });
  leave_scope(outer);
  write(is_filter ? to_text(*this, filtered(*statement.expressions[0], string(text))) : text);
}

}  // namespace hadal::jinja
