#include "text/vocabulary.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"
#include "text/byte_level.h"
#include "text/sentence_piece.h"
#include "text/tokenizer_keys.h"

namespace hadal {
namespace {

// Values of tokenizer.ggml.token_type (llama.cpp, llama_token_type).
enum Type : std::int32_t {
  type_undefined,
  type_normal,
  type_unknown,
  type_control,
  type_user_defined,
  type_unused,
  type_byte,
  type_count
};

// Tokens that end a turn or a text in the models' own generation settings, by spelling: files name only one of them.
constexpr std::array<std::string_view, 20> end_spellings = {"<|im_end|>",
                                                            "<|endoftext|>",
                                                            "<|eot_id|>",
                                                            "<|eom_id|>",
                                                            "<|end_of_text|>",
                                                            "<｜end▁of▁sentence｜>",
                                                            "<|EOT|>",
                                                            "<|end|>",
                                                            "<end_of_turn>",
                                                            "</s>",
                                                            "<|end_of_turn|>",
                                                            "<EOT>",
                                                            "_<EOT>",
                                                            "<eos>",
                                                            "<|return|>",
                                                            "<|call|>",
                                                            "[EOT]",
                                                            "[EOS]",
                                                            "<end_of_utterance>",
                                                            "<turn|>"};

constexpr std::array<std::string_view, 6> end_keys = {
    "tokenizer.ggml.eos_token_id",     "tokenizer.ggml.eot_token_id",     "tokenizer.ggml.eom_token_id",
    "tokenizer.ggml.fim_pad_token_id", "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id"};

Error invalid(const Checkpoint& file, std::string_view sentence) {
  return file.error(ErrorCode::invalid_file, sentence);
}

bool is_literal(std::int32_t type) {
  return type == type_control || type == type_user_defined || type == type_unknown;
}

Result<std::vector<std::int32_t>> token_types(const Checkpoint& file, std::span<const std::string_view> spellings,
                                              Vocabulary::Spelling spelling) {
  const std::size_t count = spellings.size();
  if (!file.has("tokenizer.ggml.token_type")) {
    std::vector<std::int32_t> types(count, type_normal);
    if (spelling == Vocabulary::Spelling::sentence_piece) {
      for (std::size_t i = 0; i < count; ++i) {
        if (sentence_piece_byte(spellings[i])) types[i] = type_byte;
      }
    }
    return types;
  }
  auto stored = file.i32s("tokenizer.ggml.token_type");
  if (stored && stored->size() != count) {
    return invalid(
        file, concat("metadata tokenizer.ggml.token_type has ", stored->size(), " elements for ", count, " tokens."));
  }
  return stored;
}

}  // namespace

Result<Vocabulary> Vocabulary::load(const Checkpoint& file, Spelling spelling) {
  Vocabulary out;
  out.byte_tokens_.fill(-1);
  if (auto done = out.load_tokens(file, spelling); !done) return done.error();
  if (auto done = out.load_special(file, spelling); !done) return done.error();
  return out;
}

Result<void> Vocabulary::load_tokens(const Checkpoint& file, Spelling spelling) {
  const GgufValue* list = file.value("tokenizer.ggml.tokens");
  if (list != nullptr && list->type == GgufType::array && (list->count == 0 || list->count > max_tokens)) {
    return invalid(file, concat("metadata tokenizer.ggml.tokens has ", list->count, " tokens; 1 to ", max_tokens,
                                " are supported."));
  }
  const auto spellings = file.strings("tokenizer.ggml.tokens");
  if (!spellings) return spellings.error();
  const auto types = token_types(file, *spellings, spelling);
  if (!types) return types.error();
  std::size_t total = 0;
  for (const auto text : *spellings) total += text.size();
  if (total > std::numeric_limits<std::uint32_t>::max()) {
    return invalid(file, "metadata tokenizer.ggml.tokens has more than 4 GB of text.");
  }
  tokens_.reserve(spellings->size(), total);
  control_.resize(spellings->size());
  ends_.resize(spellings->size());
  for (std::size_t i = 0; i < spellings->size(); ++i) {
    if (auto done = add_token(file, spelling, (*spellings)[i], (*types)[i]); !done) return done.error();
  }
  if (spelling == Spelling::byte_level) {
    for (int value = 0; value < 256; ++value) {
      const char text = static_cast<char>(value);
      byte_tokens_[static_cast<std::size_t>(value)] = tokens_.find({&text, 1});
    }
  }
  return {};
}

Result<void> Vocabulary::add_token(const Checkpoint& file, Spelling spelling, std::string_view text,
                                   std::int32_t type) {
  const TokenId id = tokens_.size();
  if (type < type_undefined || type >= type_count) {
    return invalid(
        file, concat("metadata tokenizer.ggml.token_type says ", type, " for token ", id, ", which is no token type."));
  }
  const auto value = sentence_piece_byte(text);
  if (is_literal(type)) {
    if (text.size() > SpecialTokens::max_length) {
      return invalid(file,
                     concat("metadata tokenizer.ggml.tokens: special token ", id, ", \"", printable(text), "\", is ",
                            text.size(), " bytes long; at most ", SpecialTokens::max_length, " are supported."));
    }
    tokens_.add(text);
    special_.add(text, id, type == type_user_defined);
    control_[static_cast<std::size_t>(id)] = type != type_user_defined;
    if (type == type_unknown && unknown_ < 0) unknown_ = id;
  } else if (spelling == Spelling::byte_level) {
    tokens_.add(from_byte_level(text));
    tokens_.index(id);
  } else if (type == type_byte && !value) {
    return invalid(file, concat("metadata tokenizer.ggml.tokens: token ", id, ", \"", printable(text),
                                "\", is of type byte, but not spelled <0x00> to <0xFF>."));
  } else if (type == type_byte) {
    const char character = static_cast<char>(*value);
    tokens_.add({&character, 1});
    if (byte_tokens_[*value] < 0) byte_tokens_[*value] = id;
  } else {
    return add_sentence_piece(file, text);
  }
  return {};
}

Result<void> Vocabulary::add_sentence_piece(const Checkpoint& file, std::string_view text) {
  const TokenId id = tokens_.size();
  if (text.size() > max_sentence_piece) {
    return invalid(file, concat("metadata tokenizer.ggml.tokens: token ", id, ", \"", printable(text), "\", is ",
                                text.size(), " bytes long; at most ", max_sentence_piece, " are supported."));
  }
  std::string bytes(text);
  // A plain space in a normal token's spelling can match nothing, since text has none once its spaces are U+2581.
  const bool reachable = text.find(' ') == std::string_view::npos;
  spaces_from_marks(bytes);
  tokens_.add(bytes);
  if (reachable) tokens_.index(id);
  return {};
}

Result<TokenId> Vocabulary::token_of_key(const Checkpoint& file, std::string_view key) const {
  if (!file.has(key)) return TokenId{-1};
  const auto id = file.u32(key);
  if (!id) return id.error();
  if (*id >= static_cast<std::uint32_t>(size())) {
    return invalid(file, concat("metadata ", key, " is ", *id, ", but there are only ", size(), " tokens."));
  }
  return static_cast<TokenId>(*id);
}

Result<void> Vocabulary::mark(const Checkpoint& file, std::string_view key, std::vector<bool>& marks) const {
  if (!file.has(key)) return {};
  const auto ids = file.i32s(key);
  if (!ids) return ids.error();
  marks.resize(static_cast<std::size_t>(size()));
  for (const std::int32_t id : *ids) {
    if (!known(id)) {
      return invalid(file, concat("metadata ", key, " names the token ", id, ", but there are only ", size(), "."));
    }
    marks[static_cast<std::size_t>(id)] = true;
  }
  return {};
}

SpecialTokens::Match Vocabulary::find_special(std::string_view text, std::size_t from, bool parse_special) const {
  constexpr std::string_view white_space = " \t\n\r\v\f";
  SpecialTokens::Match match = special_.find(text, from, parse_special);
  if (match.id < 0 || (strips_left_.empty() && strips_right_.empty())) return match;
  const auto id = static_cast<std::size_t>(match.id);
  std::size_t begin = match.begin, end = match.begin + match.length;
  if (!strips_left_.empty() && strips_left_[id]) {
    while (begin > from && white_space.find(text[begin - 1]) != std::string_view::npos) --begin;
  }
  if (!strips_right_.empty() && strips_right_[id])
    end = std::min(text.find_first_not_of(white_space, end), text.size());
  return {begin, end - begin, match.id};
}

Result<void> Vocabulary::load_special(const Checkpoint& file, Spelling spelling) {
  const std::pair<std::string_view, TokenId&> named[] = {{"tokenizer.ggml.bos_token_id", bos_},
                                                         {"tokenizer.ggml.eos_token_id", eos_},
                                                         {"tokenizer.ggml.unknown_token_id", unknown_}};
  for (const auto& [key, member] : named) {
    if (&member == &unknown_ && spelling == Spelling::byte_level) continue;  // not used
    const auto id = token_of_key(file, key);
    if (!id) return id.error();
    if (*id >= 0) member = *id;
  }
  for (const auto key : end_keys) {
    const auto id = token_of_key(file, key);
    if (!id) return id.error();
    if (*id >= 0) ends_[static_cast<std::size_t>(*id)] = true;
  }
  if (auto done = mark(file, tokenizer_keys::end_tokens, ends_); !done) return done;
  if (auto done = mark(file, tokenizer_keys::strips_left, strips_left_); !done) return done;
  if (auto done = mark(file, tokenizer_keys::strips_right, strips_right_); !done) return done;
  for (const auto end : end_spellings) {
    const TokenId id = special_.exact(end);
    if (id >= 0) ends_[static_cast<std::size_t>(id)] = true;
  }
  return {};
}

}  // namespace hadal
