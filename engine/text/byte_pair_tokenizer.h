#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "text/byte_pair_merges.h"
#include "text/canonical_composition.h"
#include "text/pre_tokenizer.h"
#include "text/vocabulary_tokenizer.h"

namespace hadal {

/// The tokenizer of GPT-2 and of all that followed it (tokenizer.ggml.model = gpt2): text is cut into pieces, each
/// piece's bytes are merged pairwise. A byte for which the vocabulary has no token is left out, as in the models'
/// own tokenizers.
class BytePairTokenizer final : public VocabularyTokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> create(const Checkpoint& file);

 private:
  using VocabularyTokenizer::VocabularyTokenizer;
  Result<void> load_merges(const Checkpoint& file);
  void encode_plain(std::string_view text, bool at_beginning, std::vector<TokenId>& out) const override;
  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;

  BytePairMerges merges_;
  std::unique_ptr<const PreTokenizer> pre_tokenizer_;
  std::optional<const CanonicalComposition> composition_;  ///< Where the model wants its text in that form.
};

}  // namespace hadal
