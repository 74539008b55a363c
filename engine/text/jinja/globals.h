#pragma once

#include <optional>
#include <string_view>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

/// range, dict, namespace, cycler, joiner, raise_exception, strftime_now: what templates may call. Nothing else of the
/// outside is in reach.
std::optional<Value> find_global(std::string_view name);

/// Python's time.strftime in the C locale.
std::string format_time(Runtime& runtime, const LocalTime& time, std::string_view format);

}  // namespace hadal::jinja
