#include "tools/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

/// To the line's beginning, and erase it.
constexpr std::string_view kClear = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string_view doing, std::uint64_t whole)
    : doing_(doing), whole_(whole), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) static_cast<void>(write_all(STDERR_FILENO, kClear, "The progress"));
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - began_).count();
}

void Progress::show(std::uint64_t done) {
  using namespace std::chrono_literals;
  if (!terminal_ || done == 0 || whole_ == 0 || Clock::now() - last_ < 100ms) return;
  last_ = Clock::now();
  const double share = static_cast<double>(std::min(done, whole_)) / static_cast<double>(whole_);
  const auto speed = static_cast<std::uint64_t>(static_cast<double>(done) / std::max(seconds(), 1e-3));
  const auto left = static_cast<std::uint64_t>(std::ceil(seconds() * (1 - share) / share));
  const std::string line = concat(kClear, doing_, ": ", static_cast<int>(share * 100), " %, ", human_part(done, whole_),
                                  ", ", human_bytes(speed), "/s, ", left, " s left");
  shown_ = true;
  static_cast<void>(write_all(STDERR_FILENO, line, "The progress"));
}

}  // namespace hadal::tools
