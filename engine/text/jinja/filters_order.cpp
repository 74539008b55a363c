#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/operations.h"
#include "text/jinja/unicode.h"

// Filters that compare elements with one another.

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

struct Keyed {
  Values keys;
  Value item;
};

bool given(const Value& value) {
  return !value.is(Kind::undefined) && !value.is(Kind::none);
}

Value folded(Runtime& runtime, const Value& value, bool case_sensitive) {
  if (case_sensitive || !value.is(Kind::string)) return value;
  runtime.budget().characters(value.bytes());
  return runtime.string(value.text().with_bytes(to_lower(value.bytes())));
}

/// What an element is compared by: itself, an attribute, or several with commas between.
Values keys_of(Runtime& runtime, const Value& item, const Value& attribute, bool case_sensitive) {
  if (!given(attribute)) return {folded(runtime, item, case_sensitive)};
  if (!attribute.is(Kind::string)) return {folded(runtime, get_path(runtime, item, attribute), case_sensitive)};
  Values out;
  const std::string& paths = attribute.bytes();
  for (std::size_t begin = 0; begin <= paths.size();) {
    const std::size_t end = std::min(paths.find(',', begin), paths.size());
    out.push_back(
        folded(runtime, get_path(runtime, item, runtime.string(paths.substr(begin, end - begin))), case_sensitive));
    begin = end + 1;
  }
  return out;
}

int order_keys(Runtime& runtime, const Values& a, const Values& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const int sign = order(runtime, a[i], b[i]);
    if (sign != 0) return sign;
  }
  return 0;
}

std::vector<Keyed> keyed(Runtime& runtime, const Value& input, const Value& attribute, bool case_sensitive) {
  std::vector<Keyed> out;
  for (const Value& item : iterate(runtime, input)) {
    out.push_back({keys_of(runtime, item, attribute, case_sensitive), item});
  }
  return out;
}

/// Stable; reversed without turning equal elements round, as Python's sorted() does.
void sort_keyed(Runtime& runtime, std::vector<Keyed>& items, bool reversed) {
  std::ranges::stable_sort(items, [&](const Keyed& a, const Keyed& b) {
    const int sign = order_keys(runtime, a.keys, b.keys);
    return reversed ? sign > 0 : sign < 0;
  });
}

Value sort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "sort", arguments, {"reverse", "case_sensitive", "attribute"});
  std::vector<Keyed> items = keyed(runtime, input, values[2], boolean_or(values[1], false));
  sort_keyed(runtime, items, boolean_or(values[0], false));
  Values out;
  for (const Keyed& item : items) out.push_back(item.item);
  return runtime.list(std::move(out));
}

Value dictsort(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "dictsort", arguments, {"case_sensitive", "by", "reverse"});
  if (!input.is(Kind::dict)) runtime.fail(concat("dictsort takes a dictionary, not ", kind_name(input)));
  const std::string by = values[1].is(Kind::undefined) ? "key" : text_of(runtime, values[1], "dictsort").bytes();
  if (by != "key" && by != "value") runtime.fail("dictsort sorts by key or by value");
  std::vector<Keyed> items;
  for (const auto& [key, value] : input.as<DictObject>().entries) {
    items.push_back(
        {{folded(runtime, by == "key" ? key : value, boolean_or(values[0], false))}, runtime.tuple({key, value})});
  }
  sort_keyed(runtime, items, boolean_or(values[2], false));
  Values out;
  for (const Keyed& item : items) out.push_back(item.item);
  return runtime.list(std::move(out));
}

Value extreme(Runtime& runtime, const Value& input, const Arguments& arguments, int sign) {
  const Values values = bind_parameters(runtime, "min", arguments, {"case_sensitive", "attribute"});
  const std::vector<Keyed> items = keyed(runtime, input, values[1], boolean_or(values[0], false));
  if (items.empty()) return {};
  const Keyed* best = &items.front();
  for (const Keyed& item : items) {
    if (order_keys(runtime, item.keys, best->keys) * sign > 0) best = &item;
  }
  return best->item;
}
Value min(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, -1);
}
Value max(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return extreme(runtime, input, arguments, 1);
}

Value unique(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "unique", arguments, {"case_sensitive", "attribute"});
  Values out, seen;
  for (const Value& item : iterate(runtime, input)) {
    const Value key =
        folded(runtime, given(values[1]) ? get_path(runtime, item, values[1]) : item, boolean_or(values[0], false));
    if (std::ranges::any_of(seen, [&](const Value& known) { return equal(runtime, known, key); })) continue;
    seen.push_back(key);
    out.push_back(item);
  }
  return runtime.generator(std::move(out));
}

/// Pairs of a value and the elements that have it; .grouper and .list name the two.
Value groupby(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "groupby", arguments, {"attribute", "default", "case_sensitive"});
  const bool case_sensitive = boolean_or(values[2], false);
  const auto value_of = [&](const Value& item) { return get_path(runtime, item, values[0], values[1]); };
  std::vector<Keyed> items;
  for (const Value& item : iterate(runtime, input))
    items.push_back({{folded(runtime, value_of(item), case_sensitive)}, item});
  sort_keyed(runtime, items, false);
  Values out;
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin;
    Values group;
    while (end < items.size() && equal(runtime, items[begin].keys[0], items[end].keys[0]))
      group.push_back(items[end++].item);
    const Value grouper = value_of(items[begin].item);
    out.push_back(runtime.tuple({grouper, runtime.list(std::move(group))}));
    begin = end;
  }
  return runtime.list(std::move(out));
}

constexpr std::array<Filter, 6> kFilters = {
    {{"sort", sort}, {"dictsort", dictsort}, {"min", min}, {"max", max}, {"unique", unique}, {"groupby", groupby}}};

}  // namespace

std::span<const Filter> order_filters() {
  return kFilters;
}

}  // namespace hadal::jinja
