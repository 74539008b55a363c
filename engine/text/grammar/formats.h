#pragma once

#include <string_view>

namespace hadal::grammar {

/// A pattern whose matches are all valid values of a `format` of JSON Schema (2020-12, section 7.3); it need not match
/// every valid one. Empty for formats that are not known.
std::string_view format_pattern(std::string_view format);

/// The formats that say of a number only how it is stored (OpenAPI: float, double): nothing to keep to.
bool is_storage_format(std::string_view format);

}  // namespace hadal::grammar
