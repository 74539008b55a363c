#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hadal {

/// Finds stop strings in a stream of text. Text that may be the beginning of one is held back until it is decided.
class StopMatcher {
 public:
  /// Empty stop strings are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Takes the next piece of text (whole UTF-8 characters) and returns what can be shown. Once a stop string is
  /// complete, what came before the one that is complete first (of two that end together the longer) is returned,
  /// stopped() is true and everything after it is dropped. However the text is cut into pieces, the same comes out.
  std::string push(std::string_view text);
  /// At the end of the stream: what was held back. Empty if stopped.
  std::string finish();
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace hadal
