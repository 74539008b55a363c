#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace hadal::test {

/// An input taken apart. Its parts are divided by a byte no text needs, so that they stay whole texts that can be read
/// and written by hand.
class Input {
 public:
  static constexpr char divider = '\x1e';  ///< ASCII's record separator.

  explicit Input(std::string_view bytes) : rest_(bytes) {}

  /// 0 behind the end.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<std::uint8_t>(first);
  }
  /// Up to the next divider or the end.
  std::string_view section() { return until(divider); }
  std::string_view line() { return until('\n'); }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view until(char end) {
    const std::size_t size = std::min(rest_.find(end), rest_.size());
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(std::min(size + 1, rest_.size()));
    return out;
  }

  std::string_view rest_;
};

}  // namespace hadal::test
