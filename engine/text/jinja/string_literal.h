#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::jinja {

/// What a string literal stands for, between its quotes, with Python's escapes; unknown ones stay as they are.
Result<std::string> resolve_escapes(std::string_view quoted);

struct NumberLiteral {
  std::size_t length = 0;
  bool is_real = false;
  std::int64_t integer = 0;
  double real = 0.0;
  std::string problem;  ///< A clause, where it cannot be represented.
};

/// The number a text that starts with a digit begins with: 12, 1_000, 0x1F, 0o7, 0b1, 1.5, 2e-3.
NumberLiteral read_number(std::string_view text);

}  // namespace hadal::jinja
