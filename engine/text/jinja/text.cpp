#include "text/jinja/text.h"

#include <algorithm>

namespace hadal::jinja {

Text::Text(std::string bytes, bool literal) : bytes_(std::move(bytes)) {
  if (!bytes_.empty()) runs_.push_back({bytes_.size(), literal});
}

void Text::append(std::string_view bytes, bool literal) {
  if (bytes.empty()) return;
  bytes_ += bytes;
  if (runs_.empty() || runs_.back().literal != literal) {
    runs_.push_back({bytes_.size(), literal});
  } else {
    runs_.back().end = bytes_.size();
  }
}

std::size_t Text::run_of(std::size_t byte) const {
  const auto found = std::ranges::upper_bound(runs_, byte, {}, &Run::end);
  return static_cast<std::size_t>(found - runs_.begin());
}

void Text::append(const Text& other, std::size_t begin, std::size_t length) {
  const std::size_t end = begin + length;
  for (std::size_t run = other.run_of(begin); begin < end; ++run) {
    const std::size_t stop = std::min(end, other.runs_[run].end);
    append(other.view().substr(begin, stop - begin), other.runs_[run].literal);
    begin = stop;
  }
}

Text Text::slice(std::size_t begin, std::size_t length) const {
  Text out;
  out.append(*this, begin, length);
  return out;
}

bool Text::any_literal() const {
  return std::ranges::any_of(runs_, &Run::literal);
}

bool Text::literal_at(std::size_t byte) const {
  const std::size_t run = run_of(byte);
  return run < runs_.size() && runs_[run].literal;
}

std::vector<TextPart> Text::parts() const {
  std::vector<TextPart> out;
  std::size_t begin = 0;
  for (const Run& run : runs_) {
    out.push_back({bytes_.substr(begin, run.end - begin), run.literal});
    begin = run.end;
  }
  return out;
}

}  // namespace hadal::jinja
