#pragma once

#include <memory>
#include <vector>

#include "formats/gguf.h"
#include "hadal/tokenizer.h"
#include "text/byte_pair_merges.h"
#include "text/pre_tokenizer.h"
#include "text/special_tokens.h"
#include "text/token_table.h"

namespace hadal {

/// The tokenizer of GPT-2 and of all that followed it: text is cut into pieces, each piece's bytes are merged pairwise.
class BytePairTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> create(const GgufFile& file);

  std::string piece(TokenId id, bool special) const override;
  std::int32_t vocabulary_size() const override { return tokens_.size(); }
  bool is_end(TokenId id) const override { return known(id) && ends_[static_cast<std::size_t>(id)]; }
  bool is_control(TokenId id) const override { return known(id) && control_[static_cast<std::size_t>(id)]; }
  TokenId bos() const override { return bos_; }
  TokenId eos() const override { return eos_; }

 protected:
  std::vector<TokenId> encode_valid(std::string_view text, EncodeOptions options) const override;
  std::vector<TokenId> encode_valid(std::span<const TextPart> parts) const override;

 private:
  BytePairTokenizer() = default;
  bool known(TokenId id) const { return id >= 0 && id < tokens_.size(); }
  Result<void> load_tokens(const GgufFile& file);
  Result<void> load_merges(const GgufFile& file);
  Result<void> load_special(const GgufFile& file);
  Result<TokenId> token_of_key(const GgufFile& file, std::string_view key) const;
  void encode_plain(std::string_view text, std::vector<TokenId>& out) const;

  TokenTable tokens_;
  BytePairMerges merges_;
  SpecialTokens special_;
  std::unique_ptr<const PreTokenizer> pre_tokenizer_;
  std::vector<bool> control_;  ///< By id.
  std::vector<bool> ends_;     ///< By id.
  TokenId bos_ = -1;
  TokenId eos_ = -1;
  bool add_bos_ = false;
};

}  // namespace hadal
