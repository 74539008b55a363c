#pragma once

#include <initializer_list>
#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

/// Arguments in the order of a function's parameters, undefined where left out. Fails for too many and unknown ones.
Values bind_parameters(Runtime& runtime, std::string_view function, const Arguments& arguments,
                       std::initializer_list<std::string_view> parameters);

// A parameter's value, with a default where it was left out.
std::int64_t integer_or(Runtime& runtime, const Value& value, std::int64_t fallback);
bool boolean_or(const Value& value, bool fallback);
/// Text of a string; fails for anything else.
const Text& text_of(Runtime& runtime, const Value& value, std::string_view what);

}  // namespace hadal::jinja
