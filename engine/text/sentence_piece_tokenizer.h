#pragma once

#include <memory>
#include <vector>

#include "text/byte_pair_merges.h"
#include "text/vocabulary_tokenizer.h"

namespace hadal {

/// SentencePiece's byte-pair encoding (tokenizer.ggml.model = llama; Llama 1 and 2, Mistral): characters are merged
/// pairwise, the pair whose token has the highest score first. A character that is no token becomes its bytes' tokens
/// (<0xNN>), or, where the vocabulary lacks them, the unknown token, once for a run of such characters.
///
/// Spaces are part of the words they stand before, and text begins with one that nobody wrote (unless
/// tokenizer.ggml.add_space_prefix says no), also after a special token.
class SentencePieceTokenizer final : public VocabularyTokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> create(const Checkpoint& file);
  bool adds_space() const override { return add_space_; }

 private:
  using VocabularyTokenizer::VocabularyTokenizer;
  Result<void> load_merges(const Checkpoint& file);
  Result<void> load_scores(const Checkpoint& file);
  void encode_plain(std::string_view text, bool at_beginning, std::vector<TokenId>& out) const override;
  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;
  void encode_character(std::string_view character, std::size_t begin, std::vector<TokenId>& out) const;

  BytePairMerges merges_;
  Result<void> load_spaces(const Checkpoint& file);
  bool add_space_ = true;
  bool space_at_beginning_only_ = false;
  bool space_unless_there_ = false;
  bool spaces_part_words_ = false;  ///< Every space begins a piece of its own.
  bool words_apart_ = true;  ///< No token holds a space after something else: no merge reaches from word to word.
};

}  // namespace hadal
