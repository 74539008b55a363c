#pragma once

#include <functional>
#include <string_view>

namespace hadal {

enum class LogLevel { debug, info, warning, error };

/// Where the engine's remarks go; it never prints by itself. Called on any thread, so the sink must be thread-safe. May be empty.
using LogSink = std::function<void(LogLevel, std::string_view)>;

}  // namespace hadal
