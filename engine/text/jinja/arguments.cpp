#include "text/jinja/arguments.h"

#include <algorithm>

#include "base/text.h"
#include "text/jinja/operations.h"

namespace hadal::jinja {

Values bind_parameters(Runtime& runtime, std::string_view function, const Arguments& arguments,
                       std::initializer_list<std::string_view> parameters) {
  if (arguments.positional.size() > parameters.size()) {
    runtime.fail(
        concat(function, " takes at most ", parameters.size(), " arguments, not ", arguments.positional.size()));
  }
  Values out = arguments.positional;
  out.resize(parameters.size());
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::ranges::find(parameters, std::string_view(name));
    if (found == parameters.end()) runtime.fail(concat(function, " has no parameter ", printable(name)));
    out[static_cast<std::size_t>(found - parameters.begin())] = value;
  }
  return out;
}

std::int64_t integer_or(Runtime& runtime, const Value& value, std::int64_t fallback) {
  if (value.is(Value::Kind::undefined)) return fallback;
  if (!value.is_integral()) runtime.fail(concat("an integer is expected, not ", kind_name(value)));
  return value.as_integer();
}

bool boolean_or(const Value& value, bool fallback) {
  return value.is(Value::Kind::undefined) ? fallback : truthy(value);
}

const Text& text_of(Runtime& runtime, const Value& value, std::string_view what) {
  if (value.is(Value::Kind::undefined)) runtime.fail(concat(what, " needs a string: ", undefined_sentence(value)));
  if (!value.is(Value::Kind::string)) runtime.fail(concat(what, " needs a string, not ", kind_name(value)));
  return value.text();
}

}  // namespace hadal::jinja
