#include "text/jinja/methods.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/operations.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;
using Flavour = ListObject::Flavour;

class BoundMethod final : public CallableObject {
 public:
  BoundMethod(const Method& method, Value self) : method_(method), self_(std::move(self)) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override {
    return method_.call(runtime, self_, arguments);
  }
  std::string describe() const override { return concat("method ", method_.name); }

 private:
  const Method& method_;
  Value self_;
};

Value refuse_change(Runtime& runtime, const Value& self, const Arguments&) {
  runtime.fail(concat("templates may not change ", kind_name(self), " in place"));
}

Value dict_get(Runtime& runtime, const Value& self, const Arguments& arguments) {
  if (!arguments.named.empty()) runtime.fail("get() takes its arguments without names");
  const Values values = bind_parameters(runtime, "get", arguments, {"key", "default"});
  const Value* found = find_key(runtime, self.as<DictObject>(), values[0]);
  if (found != nullptr) return *found;
  return arguments.positional.size() > 1 ? values[1] : Value::none();
}

Value dict_view(Runtime& runtime, const Value& self, Flavour flavour) {
  Values items;
  const auto& entries = self.as<DictObject>().entries;
  runtime.budget().step(entries.size());
  for (const auto& [key, value] : entries) {
    items.push_back(flavour == Flavour::keys ? key : flavour == Flavour::values ? value : runtime.tuple({key, value}));
  }
  return runtime.list(std::move(items), flavour);
}
Value dict_keys(Runtime& runtime, const Value& self, const Arguments&) {
  return dict_view(runtime, self, Flavour::keys);
}
Value dict_values(Runtime& runtime, const Value& self, const Arguments&) {
  return dict_view(runtime, self, Flavour::values);
}
Value dict_items(Runtime& runtime, const Value& self, const Arguments&) {
  return dict_view(runtime, self, Flavour::items);
}
Value copy(Runtime&, const Value& self, const Arguments&) {
  return self;
}

Value list_index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "index", arguments, {"value"});
  const Values& items = self.as<ListObject>().items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (equal(runtime, items[i], values[0])) return Value::integer(static_cast<std::int64_t>(i));
  }
  runtime.fail("index() looks for something the list does not hold");
}

Value list_count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "count", arguments, {"value"});
  const Values& items = self.as<ListObject>().items;
  return Value::integer(
      std::ranges::count_if(items, [&](const Value& item) { return equal(runtime, item, values[0]); }));
}

Value real_is_integer(Runtime&, const Value& self, const Arguments&) {
  return Value::boolean(std::floor(self.as_real()) == self.as_real());
}

constexpr std::array<Method, 10> kDictMethods = {{{"get", dict_get},
                                                  {"keys", dict_keys},
                                                  {"values", dict_values},
                                                  {"items", dict_items},
                                                  {"copy", copy},
                                                  {"update", refuse_change},
                                                  {"pop", refuse_change},
                                                  {"popitem", refuse_change},
                                                  {"setdefault", refuse_change},
                                                  {"clear", refuse_change}}};
constexpr std::array<Method, 10> kListMethods = {{{"index", list_index},
                                                  {"count", list_count},
                                                  {"copy", copy},
                                                  {"append", refuse_change},
                                                  {"extend", refuse_change},
                                                  {"insert", refuse_change},
                                                  {"pop", refuse_change},
                                                  {"remove", refuse_change},
                                                  {"reverse", refuse_change},
                                                  {"sort", refuse_change}}};
constexpr std::array<Method, 1> kRealMethods = {{{"is_integer", real_is_integer}}};

const Method* find_in(std::span<const Method> methods, std::string_view name) {
  const auto found = std::ranges::find(methods, name, &Method::name);
  return found == methods.end() ? nullptr : &*found;
}

}  // namespace

const Method* find_method(const Value& value, std::string_view name) {
  switch (value.kind()) {
    case Kind::string: {
      const Method* found = find_in(string_methods(), name);
      return found != nullptr ? found : find_in(character_methods(), name);
    }
    case Kind::dict:
      return find_in(kDictMethods, name);
    case Kind::list: {
      const Flavour flavour = value.as<ListObject>().flavour;
      const std::size_t count = flavour == Flavour::list ? kListMethods.size() : flavour == Flavour::tuple ? 2 : 0;
      return find_in(std::span(kListMethods).first(count), name);
    }
    case Kind::real:
      return find_in(kRealMethods, name);
    default:
      return nullptr;
  }
}

Value bind_method(Runtime&, const Method& method, const Value& self) {
  return Value(Kind::callable, std::make_shared<BoundMethod>(method, self));
}

}  // namespace hadal::jinja
