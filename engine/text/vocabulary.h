#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "hadal/tokenizer.h"
#include "text/special_tokens.h"
#include "text/token_table.h"

namespace hadal {

/// The part of a model file that tokenizers of all kinds read alike (tokenizer.ggml.*): tokens, what they are for, and
/// which of them begin and end a text. Immutable once loaded.
///
/// Real files are not all clean, and what does no harm is taken: of tokens spelled alike the first one is found in
/// text, the others only decode; a token with an empty spelling never occurs in text; spellings need not be UTF-8.
/// Whatever would change ids silently is refused with a sentence that names the key and the element.
class Vocabulary {
 public:
  /// How the spellings of normal tokens stand for bytes.
  enum class Spelling {
    byte_level,      ///< A printable character for each byte (see byte_level.h).
    sentence_piece,  ///< Text with U+2581 for the space, and <0xNN> for single bytes.
  };
  /// More than any published vocabulary has (about 300,000); files that claim more are refused.
  static constexpr std::size_t max_tokens = std::size_t{1} << 22;
  /// Bytes of a SentencePiece token; its trainer's own limit is 16 characters. Loading takes their square.
  static constexpr std::size_t max_sentence_piece = 512;

  static Result<Vocabulary> load(const Checkpoint& file, Spelling spelling);

  std::int32_t size() const { return tokens_.size(); }
  bool known(TokenId id) const { return id >= 0 && id < size(); }
  /// What the token stands for in text; `id` is known.
  std::string_view bytes(TokenId id) const { return tokens_.bytes(id); }
  /// The normal token with these bytes, -1 if there is none. Never a special or user-defined one, nor one that stands
  /// for a byte that is part of a character.
  TokenId find(std::string_view bytes) const { return tokens_.find(bytes); }
  /// The token of a single byte, -1 where there is none.
  TokenId byte_token(std::uint8_t byte) const { return byte_tokens_[byte]; }
  const SpecialTokens& special() const { return special_; }
  /// special().find(), and with the match the white space that the token swallows; none before `from`.
  SpecialTokens::Match find_special(std::string_view text, std::size_t from, bool parse_special) const;

  bool is_control(TokenId id) const { return known(id) && control_[static_cast<std::size_t>(id)]; }
  /// eos, eot and eom as the file names them, its end of a file or padding in fill-in-the-middle texts, and special
  /// tokens spelled like the ends of turns that published models use: files often name only one of several.
  bool is_end(TokenId id) const { return known(id) && ends_[static_cast<std::size_t>(id)]; }
  TokenId bos() const { return bos_; }
  TokenId eos() const { return eos_; }
  TokenId unknown() const { return unknown_; }  ///< For SentencePiece; -1 where the file has none.

 private:
  Vocabulary() = default;
  Result<void> load_tokens(const Checkpoint& file, Spelling spelling);
  Result<void> load_special(const Checkpoint& file, Spelling spelling);
  Result<void> add_token(const Checkpoint& file, Spelling spelling, std::string_view text, std::int32_t type);
  Result<void> add_sentence_piece(const Checkpoint& file, std::string_view text);
  Result<TokenId> token_of_key(const Checkpoint& file, std::string_view key) const;
  /// Marks the tokens that a list names; none if there is no list.
  Result<void> mark(const Checkpoint& file, std::string_view key, std::vector<bool>& marks) const;

  TokenTable tokens_;
  SpecialTokens special_;
  std::array<TokenId, 256> byte_tokens_{};
  std::vector<bool> control_;                     ///< By id.
  std::vector<bool> ends_;                        ///< By id.
  std::vector<bool> strips_left_, strips_right_;  ///< By id; empty where no token does.
  TokenId bos_ = -1;
  TokenId eos_ = -1;
  TokenId unknown_ = -1;
};

}  // namespace hadal
