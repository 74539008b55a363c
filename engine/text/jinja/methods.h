#pragma once

#include <span>
#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

/// A method of a kind of values. Those that would change a value are there only to say no, as in the sandbox
/// transformers uses.
struct Method {
  std::string_view name;
  Value (*call)(Runtime& runtime, const Value& self, const Arguments& arguments);
};

/// Null where the value has none of that name.
const Method* find_method(const Value& value, std::string_view name);
/// value.method without a call.
Value bind_method(Runtime& runtime, const Method& method, const Value& self);

std::span<const Method> string_methods();     // methods_string.cpp
std::span<const Method> character_methods();  // methods_character.cpp: of strings too

}  // namespace hadal::jinja
