#pragma once

#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "text/grammar/program.h"

namespace hadal::grammar {

struct CompiledSchema {
  std::vector<Rule> rules;
  std::int32_t root = 0;
};

/// A JSON schema's text as rules; hadal/grammar.h says what is understood.
Result<CompiledSchema> compile_schema(std::string_view text);

}  // namespace hadal::grammar
