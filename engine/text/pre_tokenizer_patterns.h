#pragma once

#include <span>
#include <string_view>

namespace hadal {

/// How one kind of model cuts text before its pairs of bytes are merged.
struct PreTokenizerRules {
  std::string_view name;                       ///< As in tokenizer.ggml.pre.
  std::span<const std::string_view> patterns;  ///< Regular expressions, applied in order.
  /// A piece that is a token as a whole is taken without looking at merges.
  bool whole_pieces_first = false;
  /// Models of this kind want their beginning-of-sequence token where the file does not say.
  bool adds_bos = false;
  /// Text is brought into Unicode's normalisation form C first.
  bool composes = false;
};

/// Every kind this build knows.
std::span<const PreTokenizerRules> pre_tokenizer_rules();

}  // namespace hadal
