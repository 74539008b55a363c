#include "text/jinja/operations.h"

#include <algorithm>

#include "base/text.h"
#include "text/jinja/methods.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

int sign_of(double a, double b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

bool equal_lists(Runtime& runtime, const Values& a, const Values& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(runtime, a[i], b[i])) return false;
  }
  return true;
}

bool equal_dicts(Runtime& runtime, const DictObject& a, const DictObject& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = find_key(runtime, b, key);
    if (other == nullptr || !equal(runtime, value, *other)) return false;
  }
  return true;
}

std::int64_t index_within(std::int64_t index, std::int64_t size) {
  return index < 0 ? index + size : index;
}

Value item_of_sequence(Runtime& runtime, const Value& value, std::int64_t index, const std::string* hint) {
  if (value.is(Kind::list)) {
    const ListObject& list = value.as<ListObject>();
    const bool view = list.flavour != ListObject::Flavour::list && list.flavour != ListObject::Flavour::tuple;
    const auto size = static_cast<std::int64_t>(list.items.size());
    index = index_within(index, size);
    if (view || index < 0 || index >= size) return Value::missing(hint);
    return list.items[static_cast<std::size_t>(index)];
  }
  if (value.is(Kind::range)) {
    const RangeObject& range = value.as<RangeObject>();
    index = index_within(index, range.size());
    if (index < 0 || index >= range.size()) return Value::missing(hint);
    return Value::integer(range.start + index * range.step);
  }
  const std::string_view text = value.bytes();
  runtime.budget().work(text.size());
  index = index_within(index, static_cast<std::int64_t>(char_count(text)));
  if (index < 0) return Value::missing(hint);
  const std::size_t begin = byte_of_char(text, static_cast<std::size_t>(index));
  if (begin == text.size()) return Value::missing(hint);
  std::size_t end = begin;
  next_char(text, end);
  return runtime.string(value.text().slice(begin, end - begin));
}

/// Python's slice.indices(): positions in order.
std::vector<std::size_t> slice_positions(Runtime& runtime, std::int64_t size, const Value& start, const Value& stop,
                                         const Value& step) {
  const auto number = [&](const Value& value, std::int64_t fallback) {
    if (value.is(Kind::none) || value.is(Kind::undefined)) return fallback;
    if (!value.is_integral()) runtime.fail("a slice takes integers");
    return value.as_integer();
  };
  const std::int64_t stride = number(step, 1);
  if (stride == 0) runtime.fail("a slice's step is zero");
  const std::int64_t least = stride > 0 ? 0 : -1, most = stride > 0 ? size : size - 1;
  const auto bound = [&](const Value& value, std::int64_t fallback) {
    const std::int64_t given = number(value, fallback);
    const bool left_out = value.is(Kind::none) || value.is(Kind::undefined);
    return left_out ? fallback : std::clamp(given < 0 ? std::max(given, -size - 1) + size : given, least, most);
  };
  const std::int64_t first = bound(start, stride > 0 ? 0 : size - 1), last = bound(stop, stride > 0 ? size : -1);
  std::vector<std::size_t> out;
  for (std::int64_t i = first; stride > 0 ? i < last : i > last;) {
    out.push_back(static_cast<std::size_t>(i));
    if (stride > 0 ? stride >= last - i : stride <= last - i) break;
    i += stride;
  }
  runtime.budget().step(out.size() / 4);
  return out;
}

Value slice_of_text(Runtime& runtime, const Value& value, const Value& start, const Value& stop, const Value& step) {
  const Text& text = value.text();
  runtime.budget().work(text.size());
  std::vector<std::size_t> begins;  // of every character
  runtime.budget().room(text.size() * sizeof(std::size_t));
  for (std::size_t at = 0; at < text.size();) {
    begins.push_back(at);
    next_char(text.view(), at);
  }
  begins.push_back(text.size());
  const auto positions = slice_positions(runtime, static_cast<std::int64_t>(begins.size()) - 1, start, stop, step);
  Text out;
  if (!positions.empty() && positions.back() == positions.front() + positions.size() - 1) {
    const std::size_t begin = begins[positions.front()];
    return runtime.string(text.slice(begin, begins[positions.back() + 1] - begin));
  }
  for (const std::size_t i : positions) out.append(text, begins[i], begins[i + 1] - begins[i]);
  return runtime.string(std::move(out));
}

}  // namespace

std::string undefined_sentence(const Value& value) {
  return value.name() == nullptr ? "something undefined is used" : concat(printable(*value.name()), " is undefined");
}

bool truthy(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
    case Kind::integer:
      return value.as_integer() != 0;
    case Kind::real:
      return value.as_real() != 0.0;
    case Kind::string:
      return !value.text().empty();
    case Kind::list:
      return !value.as<ListObject>().items.empty();
    case Kind::dict:
      return !value.as<DictObject>().entries.empty();
    case Kind::range:
      return value.as<RangeObject>().size() > 0;
    case Kind::generator:
    case Kind::space:
    case Kind::callable:
      break;
  }
  return true;
}

bool identical(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) return false;
  if (left.is_integral()) return left.as_integer() == right.as_integer();
  if (left.is(Kind::real)) return left.as_real() == right.as_real();
  if (left.is(Kind::none)) return true;
  if (left.is(Kind::string)) return left.bytes() == right.bytes();
  return left.object() == right.object();
}

bool equal(Runtime& runtime, const Value& left, const Value& right) {
  runtime.budget().step();
  if (left.is_integral() && right.is_integral()) return left.as_integer() == right.as_integer();
  if (left.is_number() && right.is_number()) return left.as_real() == right.as_real();
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::string:
      if (left.text().size() != right.text().size()) return false;
      runtime.budget().work(left.text().size());
      return left.bytes() == right.bytes();
    case Kind::list: {
      const Depth depth(runtime.budget());
      const ListObject& a = left.as<ListObject>();
      const ListObject& b = right.as<ListObject>();
      return a.flavour == b.flavour && equal_lists(runtime, a.items, b.items);
    }
    case Kind::dict: {
      const Depth depth(runtime.budget());
      return equal_dicts(runtime, left.as<DictObject>(), right.as<DictObject>());
    }
    case Kind::undefined:
    case Kind::none:
      return true;
    default:
      return left.object() == right.object();
  }
}

int order(Runtime& runtime, const Value& left, const Value& right) {
  runtime.budget().step();
  if (left.is_integral() && right.is_integral()) {
    return left.as_integer() < right.as_integer() ? -1 : left.as_integer() > right.as_integer() ? 1 : 0;
  }
  if (left.is_number() && right.is_number()) return sign_of(left.as_real(), right.as_real());
  if (left.is(Kind::string) && right.is(Kind::string)) {
    runtime.budget().work(std::min(left.text().size(), right.text().size()));
    return left.bytes().compare(right.bytes());  // the order of UTF-8 is that of code points
  }
  const bool lists =
      left.is(Kind::list) && right.is(Kind::list) && left.as<ListObject>().flavour == right.as<ListObject>().flavour;
  if (!lists) {
    for (const Value* value : {&left, &right}) {
      if (value->is(Kind::undefined)) runtime.fail(undefined_sentence(*value));
    }
    runtime.fail(concat(kind_name(left), " and ", kind_name(right), " have no order"));
  }
  const Depth depth(runtime.budget());
  const Values& a = left.as<ListObject>().items;
  const Values& b = right.as<ListObject>().items;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!equal(runtime, a[i], b[i])) return order(runtime, a[i], b[i]);
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

bool contains(Runtime& runtime, const Value& left, const Value& right) {
  if (right.is(Kind::string)) {
    if (left.is(Kind::undefined)) runtime.fail(undefined_sentence(left));
    if (!left.is(Kind::string)) runtime.fail(concat("a string cannot contain ", kind_name(left)));
    runtime.budget().work(right.text().size() + left.text().size());
    return find_bytes(right.bytes(), left.bytes(), 0) != std::string::npos;
  }
  if (right.is(Kind::dict)) return find_key(runtime, right.as<DictObject>(), left) != nullptr;
  if (right.is(Kind::generator)) {
    const GeneratorObject& generator = right.as<GeneratorObject>();
    while (generator.next < generator.items.size()) {
      if (equal(runtime, left, generator.items[generator.next++])) return true;
    }
    return false;
  }
  for (const Value& item : iterate(runtime, right)) {
    if (equal(runtime, left, item)) return true;
  }
  return false;
}

bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::string:
    case Kind::list:
    case Kind::dict:
    case Kind::generator:
    case Kind::range:
      return true;
    default:
      return false;
  }
}

Values iterate(Runtime& runtime, const Value& value) {
  Values out;
  const auto room = [&](std::size_t count) {
    runtime.budget().step(count / 4);
    runtime.budget().room(count * sizeof(Value));
    out.reserve(count);
  };
  switch (value.kind()) {
    case Kind::undefined:
      return out;
    case Kind::list:
      room(value.as<ListObject>().items.size());
      out = value.as<ListObject>().items;
      return out;
    case Kind::dict:
      room(value.as<DictObject>().entries.size());
      for (const auto& [key, unused] : value.as<DictObject>().entries) out.push_back(key);
      return out;
    case Kind::generator: {
      const GeneratorObject& generator = value.as<GeneratorObject>();
      room(generator.items.size() - generator.next);
      out.assign(generator.items.begin() + static_cast<std::ptrdiff_t>(generator.next), generator.items.end());
      generator.next = generator.items.size();
      return out;
    }
    case Kind::range: {
      const RangeObject& range = value.as<RangeObject>();
      room(static_cast<std::size_t>(range.size()));
      for (std::int64_t i = 0; i < range.size(); ++i) out.push_back(Value::integer(range.start + i * range.step));
      return out;
    }
    case Kind::string:
      // Every character becomes a string of its own.
      runtime.budget().step(2 * value.text().size());
      for (std::size_t at = 0; at < value.text().size();) {
        const std::size_t begin = at;
        next_char(value.text().view(), at);
        out.push_back(runtime.string(value.text().slice(begin, at - begin)));
      }
      return out;
    default:
      runtime.fail(concat(kind_name(value), " cannot be walked over"));
  }
}

std::optional<std::int64_t> length(Runtime& runtime, const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::string:
      runtime.budget().work(value.text().size());
      return static_cast<std::int64_t>(char_count(value.bytes()));
    case Kind::list:
      return static_cast<std::int64_t>(value.as<ListObject>().items.size());
    case Kind::dict:
      return static_cast<std::int64_t>(value.as<DictObject>().entries.size());
    case Kind::range:
      return value.as<RangeObject>().size();
    default:
      return std::nullopt;
  }
}

const Value* find_key(Runtime& runtime, const DictObject& dict, const Value& key) {
  if (key.is(Kind::list) && key.as<ListObject>().flavour == ListObject::Flavour::list)
    runtime.fail("a list cannot be a key");
  if (key.is(Kind::dict)) runtime.fail("a dictionary cannot be a key");
  runtime.budget().step(dict.entries.size() / 8);
  for (const auto& [known, value] : dict.entries) {
    if (key.is(Kind::string) ? known.is(Kind::string) && known.bytes() == key.bytes() : equal(runtime, known, key)) {
      return &value;
    }
  }
  return nullptr;
}

Value make_dict(Runtime& runtime, std::vector<DictObject::Entry> entries) {
  std::vector<DictObject::Entry> out;
  for (auto& [key, value] : entries) {
    runtime.budget().step(out.size() / 8);
    if (key.is(Kind::list) && key.as<ListObject>().flavour == ListObject::Flavour::list)
      runtime.fail("a list cannot be a key");
    if (key.is(Kind::dict)) runtime.fail("a dictionary cannot be a key");
    // Named in the capture: clang before 16 captures no structured binding by itself.
    const auto same = std::ranges::find_if(out, [&runtime, &key = key](const DictObject::Entry& known) {
      return known.first.is(Kind::string) && key.is(Kind::string) ? known.first.bytes() == key.bytes()
                                                                  : equal(runtime, known.first, key);
    });
    if (same == out.end()) {
      out.emplace_back(std::move(key), std::move(value));
    } else {
      same->second = std::move(value);
    }
  }
  return runtime.dict(std::move(out));
}

Value get_attribute(Runtime& runtime, const Value& value, const std::string& name, const std::string* hint) {
  if (value.is(Kind::undefined)) runtime.fail(concat(undefined_sentence(value), ", so it has no ", printable(name)));
  if (value.is(Kind::dict)) {
    if (name.starts_with('_') || find_method(value, name) == nullptr) {
      for (const auto& [key, item] : value.as<DictObject>().entries) {
        if (key.is(Kind::string) && key.bytes() == name) return item;
      }
    }
  }
  if (value.is(Kind::space)) {
    for (const auto& [known, item] : value.as<SpaceObject>().entries) {
      if (known == name) return item;
    }
    return Value::missing(hint);
  }
  if (value.is(Kind::list) && (name == "grouper" || name == "list")) {
    // groupby gives pairs whose halves have names.
    const ListObject& pair = value.as<ListObject>();
    if (pair.flavour == ListObject::Flavour::tuple && pair.items.size() == 2) return pair.items[name == "list" ? 1 : 0];
  }
  if (value.is(Kind::callable)) {
    if (auto found = value.as<CallableObject>().attribute(runtime, name)) return *std::move(found);
  }
  if (name.starts_with('_')) {
    // Python's internals would lie behind these.
    if (name.starts_with("__"))
      runtime.fail(concat("the attribute ", printable(name), " is out of reach for templates"));
    return Value::missing(hint);
  }
  if (const Method* method = find_method(value, name)) return bind_method(runtime, *method, value);
  return Value::missing(hint);
}

Value get_item(Runtime& runtime, const Value& value, const Value& key, const std::string* hint) {
  if (value.is(Kind::undefined)) runtime.fail(concat(undefined_sentence(value), ", so it has no elements"));
  if (value.is(Kind::dict) && !key.is(Kind::dict) && !key.is(Kind::list)) {
    if (const Value* found = find_key(runtime, value.as<DictObject>(), key)) return *found;
  }
  const bool sequence = value.is(Kind::list) || value.is(Kind::string) || value.is(Kind::range);
  if (sequence && key.is_integral()) return item_of_sequence(runtime, value, key.as_integer(), hint);
  if (key.is(Kind::string)) {
    if (value.is(Kind::dict) && find_method(value, key.bytes()) == nullptr && !key.bytes().starts_with("__")) {
      return Value::missing(hint);
    }
    return get_attribute(runtime, value, key.bytes(), hint);
  }
  return Value::missing(hint);
}

Value get_slice(Runtime& runtime, const Value& value, const Value& start, const Value& stop, const Value& step) {
  if (value.is(Kind::string)) return slice_of_text(runtime, value, start, stop, step);
  if (value.is(Kind::undefined)) runtime.fail(concat(undefined_sentence(value), ", so it cannot be sliced"));
  if (!value.is(Kind::list) && !value.is(Kind::range)) return {};
  const Values items = iterate(runtime, value);
  Values out;
  for (const std::size_t i : slice_positions(runtime, static_cast<std::int64_t>(items.size()), start, stop, step)) {
    out.push_back(items[i]);
  }
  return runtime.list(std::move(out),
                      value.is(Kind::list) ? value.as<ListObject>().flavour : ListObject::Flavour::list);
}

Value get_path(Runtime& runtime, const Value& value, const Value& path, const Value& fallback) {
  const bool falls = !fallback.is(Kind::undefined) && !fallback.is(Kind::none);
  if (!path.is(Kind::string)) {
    Value found = get_item(runtime, value, path, nullptr);
    return falls && found.is(Kind::undefined) ? fallback : found;
  }
  Value out = value;
  const std::string_view whole = path.bytes();
  for (std::size_t begin = 0; begin <= whole.size();) {
    const std::size_t end = std::min(whole.find('.', begin), whole.size());
    const auto part = whole.substr(begin, end - begin);
    const bool number =
        !part.empty() && part.size() < 10 && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    out =
        get_item(runtime, out, number ? Value::integer(std::stoll(std::string(part))) : runtime.string(part), nullptr);
    if (falls && out.is(Kind::undefined)) out = fallback;
    begin = end + 1;
  }
  return out;
}

}  // namespace hadal::jinja
