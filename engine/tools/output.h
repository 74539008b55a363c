#pragma once

#include <string>
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

/// A sentence to stderr about something that is no failure.
void note(std::string_view sentence);

/// A figure for people: three digits or all before the point, "4.92", "31.5", "1234".
std::string rounded(double figure);

/// Writes all of `bytes` to a descriptor, waiting where it is non-blocking. `name` begins the sentence of a failure,
/// which ends with the system's reason: "NAME cannot be written: No space left on device."
Result<void> write_all(int descriptor, std::string_view bytes, std::string_view name);

/// Writes to stdout at once, unbuffered.
Result<void> write_output(std::string_view text);

/// write_output(), and fail() if stdout does not take it (a full disk, a reader that left). Returns the exit code.
int print(std::string_view text);

}  // namespace hadal::tools
