#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

/// A word of a Jinja expression or statement.
struct JinjaToken {
  enum class Kind { name, string, other };  ///< `other`: a number or a mark such as [ or !=.
  Kind kind = Kind::other;
  std::string text;  ///< Of a string: what it stands for, escapes resolved.

  bool operator==(const JinjaToken&) const = default;
};

/// A stretch of a Jinja template.
struct JinjaNode {
  enum class Kind { text, output, statement };  ///< Literal text, {{ ... }}, {% ... %}.
  Kind kind = Kind::text;
  std::string text;                ///< Of Kind::text, never empty.
  std::vector<JinjaToken> tokens;  ///< Of the others.
};

/// Cuts a chat template into nodes, with white space handled as transformers does when it renders one (trim_blocks and
/// lstrip_blocks on, a final newline dropped) and comments left out. Attributes are written one way: message['role']
/// comes out as the single name message.role.
Result<std::vector<JinjaNode>> lex_jinja(std::string_view source);

}  // namespace hadal
