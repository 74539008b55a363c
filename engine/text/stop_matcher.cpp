#include "text/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace hadal {
namespace {

/// Length of the longest end of `text` that is a proper beginning of `stop`.
std::size_t open_end(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.ends_with(stop.substr(0, length))) return length;
  }
  return 0;
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase(stops_, std::string());
}

std::string StopMatcher::push(std::string_view text) {
  if (stopped_) return {};
  held_ += text;
  // The one that is complete first, wherever the text is cut; of two that end together the longer.
  std::size_t begin = std::string::npos, end = std::string::npos, keep = 0;
  for (const std::string& stop : stops_) {
    const std::size_t found = held_.find(stop);
    const std::size_t after = found == std::string::npos ? found : found + stop.size();
    if (after < end || (after == end && found < begin)) {
      begin = found;
      end = after;
    }
    keep = std::max(keep, open_end(held_, stop));
  }
  if (begin != std::string::npos) {
    stopped_ = true;
    held_.resize(begin);
    return std::exchange(held_, {});
  }
  std::size_t ready = held_.size() - keep;
  // A stop string may begin inside a character if it is no valid UTF-8.
  while (ready > 0 && ready < held_.size() && continues_character(held_[ready])) --ready;
  std::string shown = held_.substr(0, ready);
  held_.erase(0, ready);
  return shown;
}

std::string StopMatcher::finish() {
  return std::exchange(held_, {});
}

}  // namespace hadal
