#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/operations.h"
#include "text/jinja/tests.h"

// Filters over the elements of something.

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

Value list_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "list", arguments, {});
  return runtime.list(iterate(runtime, input));
}

Value first(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "first", arguments, {});
  if (input.is(Kind::generator)) {
    const GeneratorObject& generator = input.as<GeneratorObject>();
    return generator.next < generator.items.size() ? generator.items[generator.next++] : Value();
  }
  if (input.is(Kind::string)) {
    return input.text().empty() ? Value() : get_item(runtime, input, Value::integer(0), nullptr);
  }
  const Values items = iterate(runtime, input);
  return items.empty() ? Value() : items.front();
}

Value last(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "last", arguments, {});
  if (input.is(Kind::generator)) runtime.fail("last takes something that has an end, not a generator");
  if (input.is(Kind::string)) {
    return input.text().empty() ? Value() : get_item(runtime, input, Value::integer(-1), nullptr);
  }
  const Values items = iterate(runtime, input);
  return items.empty() ? Value() : items.back();
}

Value items_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "items", arguments, {});
  Values out;
  if (input.is(Kind::undefined)) return runtime.generator({});
  if (!input.is(Kind::dict)) runtime.fail(concat("items takes a dictionary, not ", kind_name(input)));
  for (const auto& [key, value] : input.as<DictObject>().entries) out.push_back(runtime.tuple({key, value}));
  return runtime.generator(std::move(out));
}

Value reverse(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "reverse", arguments, {});
  if (input.is(Kind::string)) return get_slice(runtime, input, {}, {}, Value::integer(-1));
  Values items = iterate(runtime, input);
  std::ranges::reverse(items);
  return runtime.generator(std::move(items));
}

const Value* named(const Arguments& arguments, std::string_view name) {
  const auto found = std::ranges::find(arguments.named, name, &std::pair<std::string, Value>::first);
  return found == arguments.named.end() ? nullptr : &found->second;
}

Arguments rest_of(const Arguments& arguments, std::size_t first) {
  Arguments out;
  out.positional.assign(
      arguments.positional.begin() + static_cast<std::ptrdiff_t>(std::min(first, arguments.positional.size())),
      arguments.positional.end());
  out.named = arguments.named;
  return out;
}

/// map("filter", ...) or map(attribute="a.b", default=...).
Value map(Runtime& runtime, const Value& input, const Arguments& arguments) {
  Values out;
  const Value* attribute = named(arguments, "attribute");
  if (arguments.positional.empty() && attribute != nullptr) {
    const Value* fallback = named(arguments, "default");
    for (const Value& item : iterate(runtime, input)) {
      out.push_back(get_path(runtime, item, *attribute, fallback == nullptr ? Value() : *fallback));
    }
    return runtime.generator(std::move(out));
  }
  if (arguments.positional.empty()) runtime.fail("map takes a filter's name or an attribute");
  const std::string& name = text_of(runtime, arguments.positional[0], "map").bytes();
  const Filter* filter = find_filter(name);
  if (filter == nullptr) runtime.fail(concat("there is no filter ", printable(name)));
  const Arguments rest = rest_of(arguments, 1);
  const Depth depth(runtime.budget());
  for (const Value& item : iterate(runtime, input)) {
    runtime.budget().step();
    out.push_back(filter->call(runtime, item, rest));
  }
  return runtime.generator(std::move(out));
}

/// Those for which the test, or plain truth, is `wanted`.
Value chosen(Runtime& runtime, const Value& input, const Arguments& arguments, bool by_attribute, bool wanted) {
  const std::size_t at = by_attribute ? 1 : 0;
  if (arguments.positional.size() < at) runtime.fail("selectattr takes an attribute");
  const Test* test = nullptr;
  if (arguments.positional.size() > at) {
    const std::string& name = text_of(runtime, arguments.positional[at], "select").bytes();
    test = find_test(name);
    if (test == nullptr) runtime.fail(concat("there is no test ", printable(name)));
  }
  const Arguments rest = rest_of(arguments, at + 1);
  Values out;
  for (const Value& item : iterate(runtime, input)) {
    runtime.budget().step();
    const Value subject = by_attribute ? get_path(runtime, item, arguments.positional[0]) : item;
    const bool holds = test != nullptr ? test->call(runtime, subject, rest) : truthy(subject);
    if (holds == wanted) out.push_back(item);
  }
  return runtime.generator(std::move(out));
}
Value select(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return chosen(runtime, input, arguments, false, true);
}
Value reject(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return chosen(runtime, input, arguments, false, false);
}
Value selectattr(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return chosen(runtime, input, arguments, true, true);
}
Value rejectattr(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return chosen(runtime, input, arguments, true, false);
}

bool fills(const Value& fill) {
  return !fill.is(Kind::undefined) && !fill.is(Kind::none);
}

Value batch(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "batch", arguments, {"linecount", "fill_with"});
  const std::int64_t size = integer_or(runtime, values[0], 0);
  if (size < 1) runtime.fail("batch takes a size of at least one");
  Values out, row;
  for (const Value& item : iterate(runtime, input)) {
    if (static_cast<std::int64_t>(row.size()) == size) out.push_back(runtime.list(std::exchange(row, {})));
    row.push_back(item);
  }
  if (!row.empty()) {
    runtime.budget().step(static_cast<std::uint64_t>(fills(values[1]) ? size : 0));
    if (fills(values[1])) row.resize(static_cast<std::size_t>(size), values[1]);
    out.push_back(runtime.list(std::move(row)));
  }
  return runtime.generator(std::move(out));
}

Value slice(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "slice", arguments, {"slices", "fill_with"});
  const std::int64_t count = integer_or(runtime, values[0], 0);
  if (count < 1) runtime.fail("slice takes a number of at least one");
  runtime.budget().step(static_cast<std::uint64_t>(count));
  const Values items = iterate(runtime, input);
  const auto slices = static_cast<std::size_t>(count);
  const std::size_t each = items.size() / slices, extra = items.size() % slices;
  Values out;
  auto at = items.begin();
  for (std::size_t i = 0; i < slices; ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(each + (i < extra ? 1 : 0));
    Values row(at, end);
    if (fills(values[1]) && i >= extra) row.push_back(values[1]);
    out.push_back(runtime.list(std::move(row)));
    at = end;
  }
  return runtime.generator(std::move(out));
}

Value sum(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "sum", arguments, {"attribute", "start"});
  Value total = values[1].is(Kind::undefined) ? Value::integer(0) : values[1];
  if (total.is(Kind::string)) runtime.fail("sum cannot begin with a string");
  const bool by_attribute = fills(values[0]);
  for (const Value& item : iterate(runtime, input)) {
    total = binary(runtime, "+", total, by_attribute ? get_path(runtime, item, values[0]) : item);
  }
  return total;
}

constexpr std::array<Filter, 13> kFilters = {{{"list", list_filter},
                                              {"first", first},
                                              {"last", last},
                                              {"items", items_filter},
                                              {"reverse", reverse},
                                              {"map", map},
                                              {"select", select},
                                              {"reject", reject},
                                              {"selectattr", selectattr},
                                              {"rejectattr", rejectattr},
                                              {"batch", batch},
                                              {"slice", slice},
                                              {"sum", sum}}};

}  // namespace

std::span<const Filter> sequence_filters() {
  return kFilters;
}

}  // namespace hadal::jinja
