#pragma once

#include <string_view>

#include "formats/checkpoint.h"

namespace hadal {

/// A template for models whose file brings none that works.
struct BuiltinTemplate {
  std::string_view name;
  std::string_view source;
};

/// The one that suits a model, judged by its vocabulary, its architecture and its name; never null, "plain" if nothing
/// is known. `why`: what it was judged by, a clause.
const BuiltinTemplate& builtin_template(const Checkpoint& file, std::string& why);

/// Null if there is none of that name.
const BuiltinTemplate* find_builtin_template(std::string_view name);

}  // namespace hadal
