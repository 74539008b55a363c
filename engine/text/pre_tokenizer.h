#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "hadal/result.h"
#include "text/pre_tokenizer_patterns.h"

namespace hadal {

/// Which rules a file's text is cut by.
struct PreTokenizerName {
  std::string name;
  bool assumed = false;  ///< Files of before April 2024 do not say: what models of that architecture mostly want.
};
Result<PreTokenizerName> pre_tokenizer_name(const Checkpoint& file);

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

  const PreTokenizerRules& rules() const { return rules_; }

 private:
  class Pattern;
  explicit PreTokenizer(const PreTokenizerRules& rules);
  const PreTokenizerRules& rules_;
  std::vector<std::unique_ptr<const Pattern>> patterns_;
};

}  // namespace hadal
