#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/entrances/input.h"

namespace hadal::test {

/// A vocabulary written down as text, so that a fuzzer can invent some that are well-formed enough to be interesting.
/// Four parts: a text to encode; the header, lines "KEY VALUE" (model, pre, a number for any other key of
/// tokenizer.ggml.*); the tokens, one a line, each behind a digit for its type; the merges, one a line. A line of a
/// token may begin with a score, a number and a tab.
class VocabularyText {
 public:
  explicit VocabularyText(Input input);

  std::string_view text() const { return text_; }
  /// As a GGUF file without tensors.
  std::string file() const;

 private:
  struct Field {
    std::string_view key, value;
  };
  void add_token(std::string_view line);

  std::string_view text_;
  std::vector<Field> fields_;
  std::vector<std::string> tokens_, merges_;
  std::vector<std::int32_t> types_;
  std::vector<float> scores_;
  bool scored_ = false;
};

}  // namespace hadal::test
