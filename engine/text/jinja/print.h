#pragma once

#include <string>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

/// What {{ value }} writes: Python's str(), and nothing for undefined.
Text to_text(Runtime& runtime, const Value& value);
/// Python's repr().
std::string repr(Runtime& runtime, const Value& value);
/// 1.0, 1e+16, 0.1, nan: the shortest digits that give the same float.
std::string float_repr(double value);

}  // namespace hadal::jinja
