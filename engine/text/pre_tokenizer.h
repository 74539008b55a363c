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

/// What becomes of a pattern's matches and of what lies between them, the gaps; as the tokenizers library defines it.
enum class SplitBehaviour {
  isolated,              ///< Every match and every gap is a piece.
  removed,               ///< Matches are dropped.
  contiguous,            ///< Matches in a row are one piece.
  merged_with_previous,  ///< A match ends the piece of the gap before it.
  merged_with_next,      ///< A match begins the piece of the gap behind it.
};

struct Split {
  std::string pattern;
  SplitBehaviour behaviour = SplitBehaviour::isolated;
  bool inverted = false;  ///< Matches are taken for gaps, and gaps for matches.
};

/// Cuts text into the pieces that byte-pair merges must not cross: several regular expressions one after another, each
/// cutting the pieces the ones before have left. Immutable; any thread.
class PreTokenizer {
 public:
  /// By the name a GGUF file gives (tokenizer.ggml.pre). Fails for names this build does not know.
  static Result<std::unique_ptr<const PreTokenizer>> create(std::string_view name);
  /// By the rules a checkpoint names or brings with it (tokenizer_keys::split_patterns).
  static Result<std::unique_ptr<const PreTokenizer>> create(const Checkpoint& file);
  ~PreTokenizer();
  PreTokenizer(const PreTokenizer&) = delete;
  PreTokenizer& operator=(const PreTokenizer&) = delete;

  /// The pieces in order; together they are `text`, unless a split removes some of it. Every maximal run of bytes that
  /// are no UTF-8 is a piece of its own.
  std::vector<std::string_view> split(std::string_view text) const;

  const PreTokenizerRules& rules() const { return rules_; }

 private:
  class Pattern;
  explicit PreTokenizer(const PreTokenizerRules& rules);
  /// `multiline`: ^ and $ mean a line's ends, as they do in Oniguruma, for which tokenizer.json is written.
  Result<void> add(Split split, bool multiline);
  PreTokenizerRules rules_;
  std::vector<std::unique_ptr<const Pattern>> patterns_;
};

}  // namespace hadal
