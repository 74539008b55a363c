#include "tools/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "base/text.h"

namespace hadal::tools {
namespace {

int say(const Error& error, int code) {
  note(error.message);
  return code;
}

/// A shell's other programs may have left the terminal or pipe non-blocking.
void wait_until_writable(int descriptor) {
  pollfd waiting{descriptor, POLLOUT, 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace

int fail(const Error& error) {
  return say(error, exit_input);
}

int fail_usage(const Error& error) {
  return say(error, exit_usage);
}

void note(std::string_view sentence) {
  const std::string line = concat("hadal-engine: ", sentence, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string rounded(double figure) {
  const double size = std::abs(figure);
  const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  char digits[512];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, figure);
  return digits;
}

Result<void> write_all(int descriptor, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (errno != EINTR) {
      return Error{ErrorCode::io, concat(name, " cannot be written: ", std::generic_category().message(errno), ".")};
    }
  }
  return {};
}

Result<void> write_output(std::string_view text) {
  return write_all(STDOUT_FILENO, text, "The output");
}

int print(std::string_view text) {
  const auto written = write_output(text);
  return written ? exit_ok : fail(written.error());
}

}  // namespace hadal::tools
