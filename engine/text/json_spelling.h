#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hadal {

// Of JSON as it is spelled: reading and writing it again would round long numbers. Each takes a text that is known to
// be one valid JSON value.

/// The same without white space between its tokens.
std::string compact_json(std::string_view json);

/// The value of an object's member as it is spelled, the last of several; nothing if it has none of that name.
std::optional<std::string_view> json_member(std::string_view object, std::string_view name);

}  // namespace hadal
