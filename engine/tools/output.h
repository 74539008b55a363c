#pragma once

#include <string_view>

#include "hadal/result.h"

namespace hadal::tools {

/// Exit codes of every sub-command.
inline constexpr int exit_ok = 0;
inline constexpr int exit_input = 1;  ///< The input is at fault: a file, an id, a text. Also what the system refuses.
inline constexpr int exit_usage = 2;  ///< The command line is at fault.

/// Print the error's sentence to stderr and return the exit code.
int fail(const Error& error);
int fail_usage(const Error& error);

/// Writes to stdout. Returns exit_ok, or fails with a sentence if stdout does not take it (a full disk).
int print(std::string_view text);

}  // namespace hadal::tools
