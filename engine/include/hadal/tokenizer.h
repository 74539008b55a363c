#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

using TokenId = std::int32_t;

struct EncodeOptions {
  /// Put the beginning-of-sequence token first and the end-of-sequence token last where the model wants them.
  bool add_special = true;
  /// Recognise the spelling of special tokens (such as <|im_start|>) inside the text. Off for text a person typed.
  bool parse_special = true;
};

/// A stretch of a prompt.
struct TextPart {
  std::string text;
  /// Written by a person (or a model): the spelling of a special token in it is only text.
  bool literal = false;
};

/// Text to token ids and back. Immutable after loading; every method may be called from any thread.
///
/// Text must be UTF-8: encode() refuses any other with the offset of the first wrong byte, counted from 0, rather than
/// let bytes vanish. Kinds whose models were taught on Unicode's normalisation form C (Qwen) bring it into that form. A
/// vocabulary may still lack a byte that UTF-8 text can have (SmolLM2's lacks six rare control
/// characters and the lead bytes of some unassigned planes); such a byte is left out, as Hugging Face's tokenizers and
/// llama.cpp do, since byte-level vocabularies define no unknown token for it.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  Result<std::vector<TokenId>> encode(std::string_view text, EncodeOptions options = {}) const;

  /// The tokens of the parts taken as one text, with special tokens recognised only in parts that are not literal
  /// (several in a row are as good as one).
  /// Adds no beginning-of-sequence or end-of-sequence token.
  Result<std::vector<TokenId>> encode(std::span<const TextPart> parts) const;

  /// The bytes of one token: not necessarily whole UTF-8 characters. Empty for ids outside the vocabulary and,
  /// unless `special` is set, for control tokens.
  virtual std::string piece(TokenId id, bool special = false) const = 0;

  virtual std::int32_t vocabulary_size() const = 0;
  /// True for tokens that end a turn or the text (eos, eot, ...), at any of which generation stops.
  virtual bool is_end(TokenId id) const = 0;
  /// True for tokens that carry structure rather than text.
  virtual bool is_control(TokenId id) const = 0;
  /// -1 where the model has none.
  virtual TokenId bos() const = 0;
  virtual TokenId eos() const = 0;

  /// True where encode() begins plain text with a space that nobody wrote.
  virtual bool adds_space() const { return false; }

  /// The concatenated pieces; bytes that are no UTF-8 become U+FFFD. The space that encode() put before the text is
  /// taken off again.
  std::string decode(std::span<const TokenId> ids, bool special = false) const;

 protected:
  /// The same for text that is known to be UTF-8.
  virtual std::vector<TokenId> encode_valid(std::string_view text, EncodeOptions options) const = 0;
  virtual std::vector<TokenId> encode_valid(std::span<const TextPart> parts) const = 0;
};

/// Holds back the bytes of an unfinished UTF-8 character, so that streamed text never splits one.
class Utf8Stream {
 public:
  /// Returns the longest valid prefix of what is held plus `bytes`; invalid bytes become U+FFFD.
  std::string push(std::string_view bytes);
  /// What is still held, as U+FFFD, at the end of the stream.
  std::string finish();

 private:
  std::string held_;
};

}  // namespace hadal
