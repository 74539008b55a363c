#pragma once

#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

struct Test {
  std::string_view name;
  bool (*call)(Runtime& runtime, const Value& input, const Arguments& arguments);
};

/// Null if there is none of that name.
const Test* find_test(std::string_view name);

}  // namespace hadal::jinja
