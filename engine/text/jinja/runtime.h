#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hadal/chat_template.h"
#include "text/jinja/ast.h"
#include "text/jinja/budget.h"
#include "text/jinja/value.h"

namespace hadal::jinja {

/// Names visible at a place of the template, the inner ones first.
struct Scope {
  Scope* parent = nullptr;
  std::vector<std::pair<std::string_view, Value>> names;
  bool captured = false;  ///< A macro refers to it.
};

class LoopObject;

/// One rendering: what it may use, what it has made, where it is. Everything that fails throws Failure.
class Runtime {
 public:
  Runtime(const Limits& limits, const LocalTime& now) : budget_(limits), now_(now) {}

  /// Runs a template with these variables and returns what it writes.
  Text render(const Body& body, std::vector<std::pair<std::string_view, Value>> variables);

  Budget& budget() { return budget_; }
  const LocalTime& now() const { return now_; }
  int line() const { return line_; }
  [[noreturn]] void fail(std::string sentence) const;

  // Makers of values; they count against the budget.
  Value string(Text text);
  Value string(std::string_view bytes, bool literal = false) { return string(Text(std::string(bytes), literal)); }
  Value list(Values items, ListObject::Flavour flavour = ListObject::Flavour::list);
  Value tuple(Values items) { return list(std::move(items), ListObject::Flavour::tuple); }
  Value dict(std::vector<DictObject::Entry> entries);
  Value generator(Values items);
  Value space(std::vector<std::pair<std::string, Value>> entries);
  /// A callable that lives as long as the rendering.
  Value keep(std::unique_ptr<const CallableObject> callable);

  Value call(const Value& callee, const Arguments& arguments);
  Value call_macro(const Macro& macro, Scope* closure, const Arguments& arguments);
  /// loop(items) of a recursive loop.
  Value recurse(const Statement& loop, Scope* scope, const Value& items, int depth);

 private:
  enum class Flow { on, stop, next };

  // Expressions.
  Value evaluate(const Expression& expression);
  Value evaluate_name(const Expression& expression);
  Value evaluate_binary(const Expression& expression);
  Value evaluate_join(const Expression& expression);
  Value evaluate_compare(const Expression& expression);
  Value evaluate_item(const Expression& expression);
  Value evaluate_call(const Expression& expression);
  Value evaluate_filter(const Expression& expression, const Value* input);
  Value evaluate_test(const Expression& expression);
  Value evaluate_container(const Expression& expression);
  Value evaluate_slice(const Value& base, const Expression& slice);
  Arguments evaluate_arguments(const Expression& expression);

  // Statements.
  Flow run(const Body& body);
  Flow run(const Statement& statement);
  Flow run_conditional(const Statement& statement);
  void run_loop(const Statement& statement, const Value& items, int depth);
  void run_iterations(const Statement& statement, LoopObject& loop, const Value& self, Scope* outer);
  Values kept_items(const Statement& statement, const Value& items);
  void run_set(const Statement& statement);
  Value filtered(const Expression& expression, const Value& input);
  void run_call_block(const Statement& statement);
  void run_scope(const Statement& statement);
  void write(const Text& text);
  template <class Action>
  Text captured(Action action);

  void assign(const Target& target, const Value& value);
  void bind(std::string_view name, Value value);
  void bind_arguments(const Macro& macro, const Arguments& arguments);
  const Value* look_up(std::string_view name);
  Scope* enter_scope(Scope* parent);
  void leave_scope(Scope* previous);
  void capture(Scope* scope);

  Budget budget_;  // first: values give back to it when they go
  LocalTime now_;
  std::vector<std::unique_ptr<const Object>> kept_;
  std::vector<std::unique_ptr<Scope>> captured_scopes_;
  std::vector<std::unique_ptr<Scope>> scopes_;
  Scope* scope_ = nullptr;
  Text* out_ = nullptr;
  int line_ = 0;
  int loop_depth_ = 0;
};

/// A macro with the names around it.
class MacroObject final : public CallableObject {
 public:
  MacroObject(const Macro& macro, Scope* closure) : macro_(macro), closure_(closure) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override;
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) const override;
  std::string describe() const override { return "macro " + macro_.name; }

 private:
  const Macro& macro_;
  Scope* closure_;
};

/// `loop` inside a for.
class LoopObject final : public CallableObject, public std::enable_shared_from_this<LoopObject> {
 public:
  LoopObject(const Statement& statement, Values items, int depth, Scope* scope)
      : statement_(statement), items_(std::move(items)), depth_(depth), scope_(scope) {}

  std::size_t size() const { return items_.size(); }
  const Value& item(std::size_t index) const { return items_[index]; }
  void go_to(std::size_t index) { index_ = index; }
  /// Once the loop is over it cannot recurse.
  void end() { scope_ = nullptr; }

  Value call(Runtime& runtime, const Arguments& arguments) const override;
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) const override;
  std::string describe() const override { return "loop"; }

  Value cycle(Runtime& runtime, const Arguments& arguments) const;
  Value changed(Runtime& runtime, const Arguments& arguments) const;

 private:
  const Statement& statement_;
  Values items_;
  std::size_t index_ = 0;
  int depth_;
  Scope* scope_;
  mutable std::optional<Values> last_changed_;
};

}  // namespace hadal::jinja
