#include <array>

#include "base/text.h"
#include "text/jinja/arguments.h"
#include "text/jinja/filters.h"
#include "text/jinja/format.h"
#include "text/jinja/methods.h"
#include "text/jinja/operations.h"
#include "text/jinja/print.h"
#include "text/jinja/text_tools.h"
#include "text/jinja/unicode.h"

// Filters that give text. As in Jinja2 they take anything and look at what it would print.

namespace hadal::jinja {
namespace {

using Kind = Value::Kind;

Value as_string(Runtime& runtime, const Value& input) {
  return input.is(Kind::string) ? input : runtime.string(to_text(runtime, input));
}

/// The string method of the same name.
Value by_method(Runtime& runtime, const Value& input, std::string_view method, const Arguments& arguments) {
  const Value text = as_string(runtime, input);
  return find_method(text, method)->call(runtime, text, arguments);
}
Value upper(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return by_method(runtime, input, "upper", arguments);
}
Value lower(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return by_method(runtime, input, "lower", arguments);
}
Value capitalize(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return by_method(runtime, input, "capitalize", arguments);
}
Value trim(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return by_method(runtime, input, "strip", arguments);
}
Value center(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "center", arguments, {"width"});
  return by_method(runtime, input, "center", {{Value::integer(integer_or(runtime, values[0], 80))}, {}});
}

/// Unlike str.title, an apostrophe does not begin a word: Jinja2 splits at white space, hyphens and opening brackets.
Value title(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "title", arguments, {});
  const Value text = as_string(runtime, input);
  runtime.budget().characters(text.bytes());
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < text.text().size();) {
    const std::size_t begin = at;
    const char32_t c = next_char(text.bytes(), at);
    const auto character = text.text().view().substr(begin, at - begin);
    const bool breaks = is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    out += inside ? to_lower(character) : to_upper(character);
    inside = !breaks;
  }
  return runtime.string(text.text().with_bytes(std::move(out)));
}

Value replace_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "replace", arguments, {"old", "new", "count"});
  const std::int64_t most = values[2].is(Kind::none) ? -1 : integer_or(runtime, values[2], -1);
  const Text old = to_text(runtime, values[0]);
  return runtime.string(replace(runtime, to_text(runtime, input), old.view(), to_text(runtime, values[1]), most));
}

Value string_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "string", arguments, {});
  return as_string(runtime, input);
}
/// Nothing is escaped here, so nothing needs to be marked.
Value safe(Runtime&, const Value& input, const Arguments&) {
  return input;
}

Value escape(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "escape", arguments, {});
  Text text = to_text(runtime, input);
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> entities = {
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&#39;"}, {"\"", "&#34;"}}};
  for (const auto& [character, entity] : entities) {
    text = replace(runtime, text, character, Text(std::string(entity), text.any_literal()), -1);
  }
  return runtime.string(std::move(text));
}

Value indent(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "indent", arguments, {"width", "first", "blank"});
  const Text indention =
      values[0].is(Kind::string)
          ? values[0].text()
          : binary(runtime, "*", runtime.string(" "), Value::integer(integer_or(runtime, values[0], 4))).text();
  const bool first = boolean_or(values[1], false), blank = boolean_or(values[2], false);
  // Jinja2 adds a line end before it splits, so that one at the end keeps its line.
  Text whole = to_text(runtime, input);
  whole.append("\n", false);
  Text out;
  std::size_t index = 0;
  for (const Text& line : split_lines(runtime, whole, false)) {
    runtime.budget().work(indention.size() + line.size());
    runtime.budget().room(out.size() + indention.size() + line.size());
    if (index > 0) out.append("\n", false);
    const bool indented = index == 0 ? first : blank || !line.empty();
    if (indented) out.append(indention);
    out.append(line);
    ++index;
  }
  return runtime.string(std::move(out));
}

Value join(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "join", arguments, {"d", "attribute"});
  const Text separator = to_text(runtime, values[0]);
  Text out;
  bool first = true;
  for (const Value& item : iterate(runtime, input)) {
    const bool by_attribute = !values[1].is(Kind::undefined) && !values[1].is(Kind::none);
    const Text piece = to_text(runtime, by_attribute ? get_path(runtime, item, values[1]) : item);
    runtime.budget().work(piece.size() + separator.size());
    runtime.budget().room(out.size() + piece.size() + separator.size());
    if (!std::exchange(first, false)) out.append(separator);
    out.append(piece);
  }
  return runtime.string(std::move(out));
}

Value format(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Value text = as_string(runtime, input);
  if (arguments.named.empty()) return format_percent(runtime, text, runtime.tuple(arguments.positional));
  std::vector<DictObject::Entry> entries;
  for (const auto& [name, value] : arguments.named) entries.emplace_back(runtime.string(name), value);
  return format_percent(runtime, text, runtime.dict(std::move(entries)));
}

Value wordcount(Runtime& runtime, const Value& input, const Arguments& arguments) {
  bind_parameters(runtime, "wordcount", arguments, {});
  return Value::integer(static_cast<std::int64_t>(split_at_space(runtime, to_text(runtime, input), -1, false).size()));
}

/// Cut at `length` characters, at a word's end unless `killwords`, with `end` behind; `leeway` may be too much.
Value truncate(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Values values = bind_parameters(runtime, "truncate", arguments, {"length", "killwords", "end", "leeway"});
  const Value text = as_string(runtime, input);
  const Text end = values[2].is(Kind::undefined) ? Text("...") : text_of(runtime, values[2], "truncate");
  const std::int64_t most = integer_or(runtime, values[0], 255), leeway = integer_or(runtime, values[3], 5);
  if (*length(runtime, text) <= most + leeway) return text;
  const std::int64_t kept = std::max<std::int64_t>(most - static_cast<std::int64_t>(char_count(end.view())), 0);
  Text out = text.text().slice(0, byte_of_char(text.bytes(), static_cast<std::size_t>(kept)));
  if (!boolean_or(values[1], false)) {
    const std::size_t space = out.view().rfind(' ');
    if (space != std::string_view::npos) out = out.slice(0, space);
  }
  out.append(end);
  return runtime.string(std::move(out));
}

constexpr std::array<Filter, 17> kFilters = {{{"upper", upper},
                                              {"lower", lower},
                                              {"capitalize", capitalize},
                                              {"title", title},
                                              {"trim", trim},
                                              {"center", center},
                                              {"replace", replace_filter},
                                              {"string", string_filter},
                                              {"safe", safe},
                                              {"escape", escape},
                                              {"e", escape},
                                              {"forceescape", escape},
                                              {"indent", indent},
                                              {"join", join},
                                              {"format", format},
                                              {"wordcount", wordcount},
                                              {"truncate", truncate}}};

}  // namespace

std::span<const Filter> text_filters() {
  return kFilters;
}

}  // namespace hadal::jinja
