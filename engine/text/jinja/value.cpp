#include "text/jinja/value.h"

#include <algorithm>

namespace hadal::jinja {
namespace {

constexpr int kDeepest = 200;

int depth_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::list:
      return value.as<ListObject>().depth;
    case Value::Kind::dict:
      return value.as<DictObject>().depth;
    case Value::Kind::generator:
      return value.as<GeneratorObject>().depth;
    default:
      return 0;
  }
}

/// Deeper values could not be printed, compared or even freed without running out of stack.
int checked_depth(int inner) {
  if (inner >= kDeepest) throw Failure{ErrorCode::unsupported, "it nests lists or dictionaries more than 200 deep"};
  return inner + 1;
}

int deepest(const Values& values) {
  int out = 0;
  for (const Value& value : values) out = std::max(out, depth_of(value));
  return checked_depth(out);
}

int deepest(const std::vector<DictObject::Entry>& entries) {
  int out = 0;
  for (const auto& [key, value] : entries) out = std::max({out, depth_of(key), depth_of(value)});
  return checked_depth(out);
}

}  // namespace

const Text& Value::text() const {
  return as<StringObject>().text;
}

ListObject::ListObject(Budget* budget, Values v, Flavour f)
    : items(std::move(v)),
      flavour(f),
      depth(deepest(items)),
      charge(budget, sizeof *this + items.capacity() * sizeof(Value)) {}

DictObject::DictObject(Budget* budget, std::vector<Entry> e)
    : entries(std::move(e)),
      depth(deepest(entries)),
      charge(budget, sizeof *this + entries.capacity() * sizeof(Entry)) {}

GeneratorObject::GeneratorObject(Budget* budget, Values v)
    : items(std::move(v)), depth(deepest(items)), charge(budget, sizeof *this + items.capacity() * sizeof(Value)) {}

std::int64_t RangeObject::size() const {
  const auto low = static_cast<std::uint64_t>(step > 0 ? start : stop),
             high = static_cast<std::uint64_t>(step > 0 ? stop : start);
  if (step > 0 ? start >= stop : start <= stop) return 0;
  const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : -static_cast<std::uint64_t>(step);
  return static_cast<std::int64_t>(std::min<std::uint64_t>((high - low - 1) / stride, INT64_MAX - 1) + 1);
}

std::optional<Value> CallableObject::attribute(Runtime&, std::string_view) const {
  return std::nullopt;
}

const char* kind_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::undefined:
      return "an undefined value";
    case Value::Kind::none:
      return "none";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
      return "an integer";
    case Value::Kind::real:
      return "a float";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::list:
      return value.as<ListObject>().flavour == ListObject::Flavour::tuple ? "a tuple" : "a list";
    case Value::Kind::dict:
      return "a dictionary";
    case Value::Kind::generator:
      return "a generator";
    case Value::Kind::range:
      return "a range";
    case Value::Kind::space:
      return "a namespace";
    case Value::Kind::callable:
      return "a function";
  }
  return "a value";
}

}  // namespace hadal::jinja
