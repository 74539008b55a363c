#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::tools {

/// The JSON in a file, members in its order. Every sentence names the file and the place in it: byte offset, line and
/// column.
Result<nlohmann::ordered_json> read_json_file(const std::string& path);

/// "The file PATH SENTENCE"
Error at_fault(const std::string& path, std::string_view sentence);

/// "a string", "an object", "null"
std::string kind_of(const nlohmann::ordered_json& value);

}  // namespace hadal::tools
