#include "tools/output.h"

#include <cstdio>

#include "base/text.h"

namespace hadal::tools {
namespace {

int say(const Error& error, int code) {
  const std::string line = concat("hadal-engine: ", error.message, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

}  // namespace

int fail(const Error& error) {
  return say(error, exit_input);
}

int fail_usage(const Error& error) {
  return say(error, exit_usage);
}

int print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return exit_ok;
  return fail({ErrorCode::io, "The output could not be written."});
}

}  // namespace hadal::tools
