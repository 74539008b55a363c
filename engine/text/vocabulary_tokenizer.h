#pragma once

#include <string>
#include <utility>
#include <vector>

#include "text/vocabulary.h"

namespace hadal {

/// What tokenizers of all kinds have in common: they cut a text at its special tokens, put the first and last token of
/// a sequence around it and turn ids back into bytes. A kind says how the plain text in between is encoded.
class VocabularyTokenizer : public Tokenizer {
 public:
  std::string piece(TokenId id, bool special) const override;
  std::int32_t vocabulary_size() const override { return vocabulary_.size(); }
  bool is_end(TokenId id) const override { return vocabulary_.is_end(id); }
  bool is_control(TokenId id) const override { return vocabulary_.is_control(id); }
  TokenId bos() const override { return vocabulary_.bos(); }
  TokenId eos() const override { return vocabulary_.eos(); }

 protected:
  std::vector<TokenId> encode_valid(std::string_view text, EncodeOptions options) const override;
  std::vector<TokenId> encode_valid(std::span<const TextPart> parts) const override;
  explicit VocabularyTokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  /// Reads tokenizer.ggml.add_bos_token and add_eos_token; `bos_by_default`: where the file does not say.
  Result<void> load_ends(const Checkpoint& file, bool bos_by_default);
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  /// Appends the tokens of a text without special tokens, which stands at the beginning of the whole text or after a
  /// special one. It may be empty.
  virtual void encode_plain(std::string_view text, bool at_beginning, std::vector<TokenId>& out) const = 0;

  Vocabulary vocabulary_;
  bool add_bos_ = false;
  bool add_eos_ = false;
};

}  // namespace hadal
