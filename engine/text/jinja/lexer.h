#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/value.h"

namespace hadal::jinja {

struct Token {
  enum class Kind { data, output_begin, output_end, block_begin, block_end, name, string, integer, real, mark, end };
  Kind kind = Kind::end;
  std::string text;  ///< Data, name, sign; of a string what it stands for, escapes resolved.
  int line = 0;
  std::int64_t integer = 0;
  double real = 0.0;
};

/// Thrown where the template is malformed.
struct SyntaxError {
  std::string message;
  int line = 0;
};

/// Cuts a template into tokens as Jinja2 does with trim_blocks and lstrip_blocks on and keep_trailing_newline off, the
/// way transformers sets it up: comments and raw blocks are resolved, white space around blocks is gone. Ends in a
/// token of kind `end`.
std::vector<Token> lex(std::string_view source);

}  // namespace hadal::jinja
