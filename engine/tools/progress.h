#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::tools {

/// A line on stderr, rewritten in place, about work that is counted in bytes: "synth: 41 %, 3.7 of 8.9 GB, 0.9 GB/s,
/// 6 s left". Shown only if stderr is a terminal, and at most ten times a second. One thread.
class Progress {
 public:
  Progress(std::string_view doing, std::uint64_t whole);
  /// Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t done);
  double seconds() const;  ///< Since the beginning.

 private:
  using Clock = std::chrono::steady_clock;

  std::string doing_;
  std::uint64_t whole_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point began_ = Clock::now(), last_{};
};

}  // namespace hadal::tools
