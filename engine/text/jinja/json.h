#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

struct JsonStyle {
  std::optional<std::string> indent;  ///< Of one level; nothing: on one line.
  std::string comma = ", ", colon = ": ";
  bool ascii = false, sort_keys = false;
};

/// Python's json.dumps().
Text to_json(Runtime& runtime, const Value& value, const JsonStyle& style);
/// Python's json.loads().
Value from_json(Runtime& runtime, const Value& text);
/// A value of parsed JSON; its strings count as written by a person if `literal`.
Value to_value(Runtime& runtime, const nlohmann::ordered_json& json, bool literal);

}  // namespace hadal::jinja
