#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

/// Cuts text into the pieces that byte-pair merges must not cross: several regular expressions one after another, each
/// isolating its matches within the pieces the ones before have left. Immutable; any thread.
class PreTokenizer {
 public:
  /// By the name a GGUF file gives (tokenizer.ggml.pre). Fails for names this build does not know.
  static Result<std::unique_ptr<const PreTokenizer>> create(std::string_view name);
  ~PreTokenizer();
  PreTokenizer(const PreTokenizer&) = delete;
  PreTokenizer& operator=(const PreTokenizer&) = delete;

  /// The pieces in order; together they are `text`. Every maximal run of bytes that are no UTF-8 is a piece of its own.
  std::vector<std::string_view> split(std::string_view text) const;

  /// Whether a piece that is a token as a whole is taken without looking at merges (Llama 3).
  bool whole_pieces_first() const { return whole_pieces_first_; }
  /// Whether models of this kind want their beginning-of-sequence token where the file does not say.
  bool adds_bos() const { return whole_pieces_first_; }

 private:
  class Pattern;
  PreTokenizer();
  std::vector<std::unique_ptr<const Pattern>> patterns_;
  bool whole_pieces_first_ = false;
};

}  // namespace hadal
