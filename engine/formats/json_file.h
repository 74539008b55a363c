#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "hadal/result.h"

namespace hadal {

/// JSON nobody trusts: an object, nested at most 64 deep. Errors begin with `name`.
Result<nlohmann::json> parse_json_object(std::string_view text, std::string_view name);

/// The same from a file of at most `limit` bytes; errors begin with the file's name.
Result<nlohmann::json> read_json_object(const std::filesystem::path& path, std::uint64_t limit);

}  // namespace hadal
