#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace hadal {

/// Far more than any message, tool or call has.
inline constexpr int most_json_depth = 256;

/// Brackets inside brackets, outside strings: what nlohmann's copying and writing recurse over, and with them whatever
/// walks over its values.
int json_depth(std::string_view text);

/// The JSON of a text nobody trusts; discarded if it is none, or nested deeper than most_json_depth.
nlohmann::ordered_json parse_bounded_json(std::string_view text);

}  // namespace hadal
