#include "text/jinja/runtime.h"

#include <algorithm>

#include "base/text.h"
#include "text/jinja/globals.h"
#include "text/jinja/operations.h"

namespace hadal::jinja {

Text Runtime::render(const Body& body, std::vector<std::pair<std::string_view, Value>> variables) {
  Scope root;
  root.names = std::move(variables);
  scope_ = &root;
  // What the template sets lies above what it was given.
  enter_scope(&root);
  Text out;
  out_ = &out;
  run(body);
  leave_scope(nullptr);
  return out;
}

void Runtime::fail(std::string sentence) const {
  throw Failure{ErrorCode::invalid_file, std::move(sentence)};
}

Value Runtime::string(Text text) {
  return Value(Value::Kind::string, std::make_shared<StringObject>(&budget_, std::move(text)));
}
Value Runtime::list(Values items, ListObject::Flavour flavour) {
  return Value(Value::Kind::list, std::make_shared<ListObject>(&budget_, std::move(items), flavour));
}
Value Runtime::dict(std::vector<DictObject::Entry> entries) {
  return Value(Value::Kind::dict, std::make_shared<DictObject>(&budget_, std::move(entries)));
}
Value Runtime::generator(Values items) {
  return Value(Value::Kind::generator, std::make_shared<GeneratorObject>(&budget_, std::move(items)));
}
Value Runtime::space(std::vector<std::pair<std::string, Value>> entries) {
  // Never given back: a rendering makes few of these.
  budget_.charge(sizeof(SpaceObject) + entries.size() * 96);
  auto made = std::make_unique<SpaceObject>();
  made->entries = std::move(entries);
  // Not owned by the value: see SpaceObject.
  const std::shared_ptr<const Object> object(std::shared_ptr<const Object>(), made.get());
  kept_.push_back(std::move(made));
  return Value(Value::Kind::space, object);
}
Value Runtime::keep(std::unique_ptr<const CallableObject> callable) {
  budget_.charge(128);
  const std::shared_ptr<const Object> object(std::shared_ptr<const Object>(), callable.get());
  kept_.push_back(std::move(callable));
  return Value(Value::Kind::callable, object);
}

Scope* Runtime::enter_scope(Scope* parent) {
  budget_.enter();
  scopes_.push_back(std::make_unique<Scope>());
  scopes_.back()->parent = parent;
  scope_ = scopes_.back().get();
  return scope_;
}

void Runtime::leave_scope(Scope* previous) {
  budget_.leave();
  if (scopes_.back()->captured) {
    budget_.charge(128);
    captured_scopes_.push_back(std::move(scopes_.back()));
  }
  scopes_.pop_back();
  scope_ = previous;
}

void Runtime::capture(Scope* scope) {
  for (; scope != nullptr && !scope->captured; scope = scope->parent) scope->captured = true;
}

void Runtime::bind(std::string_view name, Value value) {
  auto& names = scope_->names;
  budget_.step(names.size() / 16);
  const auto found = std::ranges::find(names, name, &std::pair<std::string_view, Value>::first);
  if (found == names.end()) {
    names.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

const Value* Runtime::look_up(std::string_view name) {
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->parent) {
    budget_.step(scope->names.size() / 16);
    for (const auto& [known, value] : scope->names) {
      if (known == name) return &value;
    }
  }
  return nullptr;
}

void Runtime::assign(const Target& target, const Value& value) {
  switch (target.kind) {
    case Target::Kind::name:
      return bind(target.name, value);
    case Target::Kind::attribute: {
      const Value* space = look_up(target.name);
      if (space == nullptr || !space->is(Value::Kind::space))
        fail(concat(printable(target.name), " is no namespace, so its attributes cannot be set"));
      if (target.attribute.starts_with('_')) fail(concat("a namespace keeps no ", printable(target.attribute)));
      auto& entries = space->as<SpaceObject>().entries;
      budget_.step(entries.size() / 16);
      const auto found = std::ranges::find(entries, target.attribute, &std::pair<std::string, Value>::first);
      if (found != entries.end()) {
        found->second = value;
      } else {
        budget_.charge(96);
        entries.emplace_back(target.attribute, value);
      }
      return;
    }
    case Target::Kind::tuple: {
      const Values items = iterate(*this, value);
      if (items.size() != target.parts.size()) {
        fail(concat(items.size(), " values are assigned to ", target.parts.size(), " names"));
      }
      for (std::size_t i = 0; i < items.size(); ++i) assign(target.parts[i], items[i]);
      return;
    }
  }
}

Value Runtime::call(const Value& callee, const Arguments& arguments) {
  budget_.step();
  if (callee.is(Value::Kind::undefined)) fail(concat(undefined_sentence(callee), ", so it cannot be called"));
  if (!callee.is(Value::Kind::callable)) fail(concat(kind_name(callee), " cannot be called"));
  const Depth depth(budget_);
  // Held while it runs: the template may drop it meanwhile.
  const Value held = callee;
  return held.as<CallableObject>().call(*this, arguments);
}

void Runtime::bind_arguments(const Macro& macro, const Arguments& arguments) {
  const std::size_t given = arguments.positional.size(), wanted = macro.parameters.size();
  if (given > wanted && !macro.uses_varargs) {
    fail(concat("macro ", printable(macro.name), " takes ", wanted, " arguments, not ", given));
  }
  std::vector<DictObject::Entry> rest;
  Value caller;
  std::vector<bool> bound(wanted);
  for (std::size_t i = 0; i < std::min(given, wanted); ++i) {
    bind(macro.parameters[i], arguments.positional[i]);
    bound[i] = true;
  }
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::ranges::find(macro.parameters, name);
    const auto index = static_cast<std::size_t>(found - macro.parameters.begin());
    if (found != macro.parameters.end()) {
      if (bound[index]) fail(concat("macro ", printable(macro.name), " is given ", printable(name), " twice"));
      bind(macro.parameters[index], value);
      bound[index] = true;
    } else if (name == "caller" && macro.uses_caller) {
      caller = value;
    } else if (macro.uses_kwargs) {
      rest.emplace_back(string(name), value);
    } else {
      fail(concat("macro ", printable(macro.name), " has no parameter ", printable(name)));
    }
  }
  const std::size_t first_default = wanted - macro.defaults.size();
  for (std::size_t i = 0; i < wanted; ++i) {
    if (bound[i]) continue;
    bind(macro.parameters[i],
         i < first_default ? Value::missing(&macro.parameters[i]) : evaluate(*macro.defaults[i - first_default]));
  }
  if (macro.uses_varargs) {
    const auto extra = arguments.positional.begin() + static_cast<std::ptrdiff_t>(std::min(given, wanted));
    bind("varargs", tuple(Values(extra, arguments.positional.end())));
  }
  if (macro.uses_kwargs) bind("kwargs", dict(std::move(rest)));
  if (macro.uses_caller) bind("caller", std::move(caller));
}

Value Runtime::call_macro(const Macro& macro, Scope* closure, const Arguments& arguments) {
  Scope* const previous = scope_;
  Text out;
  Text* const outside = std::exchange(out_, &out);
  const int loop_depth = std::exchange(loop_depth_, 0);
  enter_scope(closure);
  bind_arguments(macro, arguments);
  run(macro.body);
  leave_scope(previous);
  loop_depth_ = loop_depth;
  out_ = outside;
  return string(std::move(out));
}

Value MacroObject::call(Runtime& runtime, const Arguments& arguments) const {
  return runtime.call_macro(macro_, closure_, arguments);
}

std::optional<Value> MacroObject::attribute(Runtime& runtime, std::string_view name) const {
  if (name == "name") return runtime.string(macro_.name);
  return std::nullopt;
}

}  // namespace hadal::jinja
