#include "text/jinja/globals.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;
using Function = Value (*)(Runtime& runtime, const Arguments& arguments);

class GlobalFunction final : public CallableObject {
 public:
  GlobalFunction(std::string_view name, Function function) : name_(name), function_(function) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override { return function_(runtime, arguments); }
  std::string describe() const override { return concat("function ", name_); }

 private:
  std::string_view name_;
  Function function_;
};

Value range(Runtime& runtime, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "range", arguments, {"start", "stop", "step"});
  const bool only_stop = arguments.positional.size() < 2;
  const std::int64_t first = integer_or(runtime, values[0], 0);
  const std::int64_t step = integer_or(runtime, values[2], 1);
  if (step == 0) runtime.fail("range() takes no step of zero");
  const auto made = only_stop ? std::make_shared<RangeObject>(0, first, 1)
                              : std::make_shared<RangeObject>(first, integer_or(runtime, values[1], 0), step);
  // The limit of Jinja2's sandbox.
  if (made->size() > 100'000) throw Failure{ErrorCode::unsupported, "a range has more than 100000 numbers"};
  return Value(Kind::range, made);
}

std::vector<DictObject::Entry> entries_of(Runtime& runtime, const Arguments& arguments, std::string_view what) {
  std::vector<DictObject::Entry> entries;
  if (arguments.positional.size() > 1) runtime.fail(concat(what, "() takes one dictionary"));
  for (const Value& value : arguments.positional) {
    if (value.is(Kind::dict)) {
      entries = value.as<DictObject>().entries;
      continue;
    }
    for (const Value& pair : iterate(runtime, value)) {
      const Values two = iterate(runtime, pair);
      if (two.size() != 2) runtime.fail(concat(what, "() takes pairs"));
      entries.emplace_back(two[0], two[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) entries.emplace_back(runtime.string(name), value);
  return entries;
}

Value dict(Runtime& runtime, const Arguments& arguments) {
  return make_dict(runtime, entries_of(runtime, arguments, "dict"));
}

Value name_space(Runtime& runtime, const Arguments& arguments) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [key, value] : entries_of(runtime, arguments, "namespace")) {
    const std::string& name = text_of(runtime, key, "namespace").bytes();
    if (name.starts_with('_')) runtime.fail(concat("a namespace keeps no ", printable(name)));
    runtime.budget().step(out.size() / 8);
    const auto found = std::ranges::find(out, name, &std::pair<std::string, Value>::first);
    if (found == out.end()) {
      out.emplace_back(name, value);
    } else {
      found->second = value;
    }
  }
  return runtime.space(std::move(out));
}

class Cycler final : public CallableObject {
 public:
  explicit Cycler(Values values) : values_(std::move(values)) {}
  Value call(Runtime& runtime, const Arguments&) const override { runtime.fail("a cycler is asked by .next()"); }
  std::optional<Value> attribute(Runtime&, std::string_view name) const override {
    if (name == "current") return values_[at_];
    if (name == "next") return Value(Kind::callable, std::make_shared<Step>(*this, false));
    if (name == "reset") return Value(Kind::callable, std::make_shared<Step>(*this, true));
    return std::nullopt;
  }
  std::string describe() const override { return "cycler"; }

 private:
  class Step final : public CallableObject {
   public:
    Step(const Cycler& cycler, bool reset) : cycler_(cycler), reset_(reset) {}
    Value call(Runtime&, const Arguments&) const override {
      const Value out = cycler_.values_[cycler_.at_];
      cycler_.at_ = reset_ ? 0 : (cycler_.at_ + 1) % cycler_.values_.size();
      return reset_ ? Value::none() : out;
    }
    std::string describe() const override { return "method of a cycler"; }

   private:
    const Cycler& cycler_;
    bool reset_;
  };

  Values values_;
  mutable std::size_t at_ = 0;
};

Value cycler(Runtime& runtime, const Arguments& arguments) {
  if (arguments.positional.empty()) runtime.fail("cycler() takes values");
  return runtime.keep(std::make_unique<Cycler>(arguments.positional));
}

/// Nothing the first time it is called, the separator from then on.
class Joiner final : public CallableObject {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  Value call(Runtime& runtime, const Arguments&) const override {
    return std::exchange(used_, true) ? separator_ : runtime.string("");
  }
  std::string describe() const override { return "joiner"; }

 private:
  Value separator_;
  mutable bool used_ = false;
};

Value joiner(Runtime& runtime, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "joiner", arguments, {"sep"});
  return runtime.keep(std::make_unique<Joiner>(values[0].is(Kind::undefined) ? runtime.string(", ") : values[0]));
}

Value raise_exception(Runtime& runtime, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "raise_exception", arguments, {"message"});
  throw Failure{ErrorCode::invalid_argument, printable(to_text(runtime, values[0]).bytes(), 300)};
}

Value strftime_now(Runtime& runtime, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "strftime_now", arguments, {"format"});
  return runtime.string(format_time(runtime, runtime.now(), text_of(runtime, values[0], "strftime_now").view()));
}

constexpr std::array<std::pair<std::string_view, Function>, 7> kGlobals = {{{"range", range},
                                                                            {"dict", dict},
                                                                            {"namespace", name_space},
                                                                            {"cycler", cycler},
                                                                            {"joiner", joiner},
                                                                            {"raise_exception", raise_exception},
                                                                            {"strftime_now", strftime_now}}};

}  // namespace

std::optional<Value> find_global(std::string_view name) {
  const auto found = std::ranges::find(kGlobals, name, &std::pair<std::string_view, Function>::first);
  if (found == kGlobals.end()) return std::nullopt;
  return Value(Kind::callable, std::make_shared<GlobalFunction>(found->first, found->second));
}

}  // namespace hadal::jinja
