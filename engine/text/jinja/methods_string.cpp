#include <algorithm>
#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/format.h"
#include "text/jinja/methods.h"
#include "text/jinja/operations.h"
#include "text/jinja/text_tools.h"
#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;
constexpr std::size_t npos = std::string_view::npos;

Value strip_as(Runtime& runtime, const Value& self, const Arguments& arguments, bool left, bool right) {
  const Values values = bind_parameters(runtime, "strip", arguments, {"chars"});
  runtime.budget().work(self.text().size());
  const bool by_default = values[0].is(Kind::undefined) || values[0].is(Kind::none);
  if (by_default) return runtime.string(strip(self.text(), left, right));
  return runtime.string(strip(runtime, self.text(), text_of(runtime, values[0], "strip").view(), left, right));
}
Value string_strip(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return strip_as(runtime, self, arguments, true, true);
}
Value string_lstrip(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return strip_as(runtime, self, arguments, true, false);
}
Value string_rstrip(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return strip_as(runtime, self, arguments, false, true);
}

Value split_as(Runtime& runtime, const Value& self, const Arguments& arguments, bool from_right) {
  const Values values = bind_parameters(runtime, "split", arguments, {"sep", "maxsplit"});
  const std::int64_t most = integer_or(runtime, values[1], -1);
  const bool by_space = values[0].is(Kind::undefined) || values[0].is(Kind::none);
  const std::vector<Text> pieces =
      by_space ? split_at_space(runtime, self.text(), most, from_right)
               : split(runtime, self.text(), text_of(runtime, values[0], "split").view(), most, from_right);
  Values out;
  for (const Text& piece : pieces) out.push_back(runtime.string(piece));
  return runtime.list(std::move(out));
}
Value string_split(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return split_as(runtime, self, arguments, false);
}
Value string_rsplit(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return split_as(runtime, self, arguments, true);
}

Value string_splitlines(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "splitlines", arguments, {"keepends"});
  Values out;
  for (const Text& line : split_lines(runtime, self.text(), boolean_or(values[0], false))) {
    out.push_back(runtime.string(line));
  }
  return runtime.list(std::move(out));
}

Value partition_as(Runtime& runtime, const Value& self, const Arguments& arguments, bool last) {
  const Values values = bind_parameters(runtime, "partition", arguments, {"sep"});
  const Text& text = self.text();
  const Text& separator = text_of(runtime, values[0], "partition");
  if (separator.empty()) runtime.fail("partition() takes a separator that is not empty");
  runtime.budget().work(text.size());
  const std::size_t at =
      last ? rfind_bytes(runtime, text.view(), separator.view()) : find_bytes(text.view(), separator.view(), 0);
  const Value empty = runtime.string("");
  if (at == npos) return last ? runtime.tuple({empty, empty, self}) : runtime.tuple({self, empty, empty});
  const std::size_t end = at + separator.size();
  return runtime.tuple(
      {runtime.string(text.slice(0, at)), values[0], runtime.string(text.slice(end, text.size() - end))});
}
Value string_partition(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return partition_as(runtime, self, arguments, false);
}
Value string_rpartition(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return partition_as(runtime, self, arguments, true);
}

/// startswith and endswith take one string or a tuple of them.
Value affix(Runtime& runtime, const Value& self, const Arguments& arguments, bool start) {
  const Values values =
      bind_parameters(runtime, start ? "startswith" : "endswith", arguments, {"affix", "start", "end"});
  const std::int64_t size = *length(runtime, self);
  Value cut = self;
  if (!values[1].is(Kind::undefined)) {
    cut = get_slice(runtime, self, Value::integer(std::min(integer_or(runtime, values[1], 0), size)), values[2], {});
  }
  const Values choices = values[0].is(Kind::list) ? iterate(runtime, values[0]) : Values{values[0]};
  for (const Value& choice : choices) {
    const auto wanted = text_of(runtime, choice, start ? "startswith" : "endswith").view();
    if (start ? cut.text().view().starts_with(wanted) : cut.text().view().ends_with(wanted))
      return Value::boolean(true);
  }
  return Value::boolean(false);
}
Value string_startswith(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return affix(runtime, self, arguments, true);
}
Value string_endswith(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return affix(runtime, self, arguments, false);
}

Value remove_affix(Runtime& runtime, const Value& self, const Arguments& arguments, bool start) {
  const Values values = bind_parameters(runtime, "removeprefix", arguments, {"affix"});
  const auto affix_text = text_of(runtime, values[0], "removeprefix").view();
  const Text& text = self.text();
  const bool there = start ? text.view().starts_with(affix_text) : text.view().ends_with(affix_text);
  if (!there) return self;
  return runtime.string(text.slice(start ? affix_text.size() : 0, text.size() - affix_text.size()));
}
Value string_removeprefix(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return remove_affix(runtime, self, arguments, true);
}
Value string_removesuffix(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return remove_affix(runtime, self, arguments, false);
}

Value string_replace(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "replace", arguments, {"old", "new", "count"});
  const Text& old = text_of(runtime, values[0], "replace");
  return runtime.string(replace(runtime, self.text(), old.view(), text_of(runtime, values[1], "replace"),
                                integer_or(runtime, values[2], -1)));
}

/// Character position of the first or last occurrence; -1 if there is none.
std::int64_t position(Runtime& runtime, const Value& self, const Arguments& arguments, bool last) {
  const Values values = bind_parameters(runtime, "find", arguments, {"sub", "start", "end"});
  const std::int64_t size = *length(runtime, self);
  std::int64_t start = integer_or(runtime, values[1], 0);
  if (start < 0) start = std::max<std::int64_t>(start + size, 0);
  if (start > size) return -1;
  const Value cut = get_slice(runtime, self, Value::integer(start), values[2], {});
  const auto text = cut.text().view();
  const auto wanted = text_of(runtime, values[0], "find").view();
  const std::size_t at = last ? rfind_bytes(runtime, text, wanted) : find_bytes(text, wanted, 0);
  return at == npos ? -1 : start + static_cast<std::int64_t>(char_count(text.substr(0, at)));
}
Value string_find(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return Value::integer(position(runtime, self, arguments, false));
}
Value string_rfind(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return Value::integer(position(runtime, self, arguments, true));
}
Value string_index(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const std::int64_t at = position(runtime, self, arguments, false);
  if (at < 0) runtime.fail("index() looks for something the string does not hold");
  return Value::integer(at);
}

Value string_count(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "count", arguments, {"sub"});
  const auto text = self.text().view(), wanted = text_of(runtime, values[0], "count").view();
  runtime.budget().work(text.size());
  if (wanted.empty()) return Value::integer(*length(runtime, self) + 1);
  std::int64_t count = 0;
  for (std::size_t at = 0; (at = find_bytes(text, wanted, at)) != npos; at += wanted.size()) ++count;
  return Value::integer(count);
}

Value string_join(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "join", arguments, {"items"});
  Text out;
  bool first = true;
  for (const Value& item : iterate(runtime, values[0])) {
    const Text& piece = text_of(runtime, item, "join");
    runtime.budget().work(piece.size() + self.text().size());
    runtime.budget().room(out.size() + piece.size() + self.text().size());
    if (!std::exchange(first, false)) out.append(self.text());
    out.append(piece);
  }
  return runtime.string(std::move(out));
}

constexpr std::array<Method, 19> kMethods = {{{"strip", string_strip},
                                              {"lstrip", string_lstrip},
                                              {"rstrip", string_rstrip},
                                              {"split", string_split},
                                              {"rsplit", string_rsplit},
                                              {"splitlines", string_splitlines},
                                              {"partition", string_partition},
                                              {"rpartition", string_rpartition},
                                              {"startswith", string_startswith},
                                              {"endswith", string_endswith},
                                              {"removeprefix", string_removeprefix},
                                              {"removesuffix", string_removesuffix},
                                              {"replace", string_replace},
                                              {"find", string_find},
                                              {"rfind", string_rfind},
                                              {"index", string_index},
                                              {"count", string_count},
                                              {"join", string_join},
                                              {"format", format_braces}}};

}  // namespace

std::span<const Method> string_methods() {
  return kMethods;
}

}  // namespace hadal::jinja
