#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal::jinja {

/// A string that knows which of its bytes were written by a person or a model ("literal") and which by the template.
/// Every operation keeps the two apart, so that the spelling of a control token in a message stays text however the
/// template cuts, joins or replaces it. Bytes are valid UTF-8.
class Text {
 public:
  Text() = default;
  explicit Text(std::string bytes, bool literal = false);

  const std::string& bytes() const { return bytes_; }
  std::string_view view() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  void append(std::string_view bytes, bool literal);
  void append(const Text& other) { append(other, 0, other.size()); }
  void append(const Text& other, std::size_t begin, std::size_t length);
  Text slice(std::size_t begin, std::size_t length) const;

  bool any_literal() const;
  bool literal_at(std::size_t byte) const;
  /// The other bytes, marked as literal if any of these are: for changes that move bytes about.
  Text with_bytes(std::string bytes) const { return Text(std::move(bytes), any_literal()); }

  std::vector<TextPart> parts() const;
  /// Bytes it takes in memory, about.
  std::size_t footprint() const { return bytes_.capacity() + runs_.capacity() * sizeof(Run); }

 private:
  struct Run {
    std::size_t end;
    bool literal;
  };
  std::size_t run_of(std::size_t byte) const;

  std::string bytes_;
  std::vector<Run> runs_;  ///< Cover bytes_; neighbours differ.
};

}  // namespace hadal::jinja
