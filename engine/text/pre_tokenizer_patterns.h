#pragma once

#include <span>
#include <string_view>

namespace hadal {

/// The regular expressions of one kind of pre-tokenizer, applied in order.
struct PreTokenizerPatterns {
  std::string_view name;  ///< As in tokenizer.ggml.pre.
  std::span<const std::string_view> patterns;
};

/// Every kind this build knows.
std::span<const PreTokenizerPatterns> pre_tokenizer_patterns();

}  // namespace hadal
