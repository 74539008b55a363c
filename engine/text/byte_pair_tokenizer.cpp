#include "text/byte_pair_tokenizer.h"

#include <array>
#include <limits>

#include "base/text.h"
#include "text/byte_level.h"

namespace hadal {
namespace {

// Values of tokenizer.ggml.token_type (llama.cpp, llama_token_type).
enum TokenType : std::int32_t { undefined = 0, normal, unknown, control, user_defined, unused, byte, type_count };

// Tokens that end a turn or a text in the models' own generation settings, by spelling: files name only one of them.
constexpr std::array<std::string_view, 12> end_spellings = {
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>",    "<|eom_id|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
    "<|EOT|>",    "<|end|>",       "<end_of_turn>", "</s>",       "<|end_of_turn|>", "<EOT>"};

Error invalid(const GgufFile& file, std::string_view sentence) {
  return file.error(ErrorCode::invalid_file, sentence);
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> BytePairTokenizer::create(const GgufFile& file) {
  const auto kind = file.string_or("tokenizer.ggml.pre", "default");
  if (!kind) return kind.error();
  auto pre_tokenizer = PreTokenizer::create(*kind);
  if (!pre_tokenizer) return file.error(pre_tokenizer.error().code, pre_tokenizer.error().message);
  std::unique_ptr<BytePairTokenizer> out(new BytePairTokenizer);
  out->pre_tokenizer_ = std::move(*pre_tokenizer);
  for (const auto step :
       {&BytePairTokenizer::load_tokens, &BytePairTokenizer::load_merges, &BytePairTokenizer::load_special}) {
    if (auto done = (out.get()->*step)(file); !done) return done.error();
  }
  return std::unique_ptr<Tokenizer>(std::move(out));
}

Result<void> BytePairTokenizer::load_tokens(const GgufFile& file) {
  const auto spellings = file.strings("tokenizer.ggml.tokens");
  if (!spellings) return spellings.error();
  const std::size_t count = spellings->size();
  if (count == 0 || count > std::numeric_limits<TokenId>::max() / 4) {
    return invalid(file, concat("metadata tokenizer.ggml.tokens has ", count, " tokens."));
  }
  std::vector<std::int32_t> types(count, normal);
  if (file.has("tokenizer.ggml.token_type")) {
    auto stored = file.i32s("tokenizer.ggml.token_type");
    if (!stored) return stored.error();
    if (stored->size() != count) {
      return invalid(
          file, concat("metadata tokenizer.ggml.token_type has ", stored->size(), " elements for ", count, " tokens."));
    }
    types = std::move(*stored);
  }
  std::size_t bytes = 0;
  for (const auto spelling : *spellings) bytes += spelling.size();
  if (bytes > std::numeric_limits<std::uint32_t>::max()) {
    return invalid(file, "metadata tokenizer.ggml.tokens has more than 4 GB of text.");
  }
  tokens_.reserve(count, bytes);
  control_.resize(count);
  ends_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::int32_t type = types[i];
    if (type < undefined || type >= type_count) {
      return invalid(file, concat("metadata tokenizer.ggml.token_type says ", type, " for token ", i,
                                  ", which is no token type."));
    }
    const bool literal = type == control || type == user_defined || type == unknown;
    if (literal) {
      tokens_.add((*spellings)[i]);
      special_.add((*spellings)[i], id, type == user_defined);
    } else {
      tokens_.add(from_byte_level((*spellings)[i]));
      tokens_.index(id);
    }
    control_[i] = type == control || type == unknown;
  }
  return {};
}

Result<void> BytePairTokenizer::load_merges(const GgufFile& file) {
  for (int value = 0; value < 256; ++value) {
    const char text = static_cast<char>(value);
    merges_.set_byte(static_cast<std::uint8_t>(value), tokens_.find({&text, 1}));
  }
  const auto merges = file.strings("tokenizer.ggml.merges");
  if (!merges) return merges.error();
  merges_.reserve(merges->size());
  for (std::size_t rank = 0; rank < merges->size(); ++rank) {
    const std::string_view merge = (*merges)[rank];
    // A space cannot be part of a side: byte-level spelling writes it as another character.
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos) {
      return invalid(
          file, concat("metadata tokenizer.ggml.merges: element ", rank, ", \"", printable(merge), "\", is no pair."));
    }
    const std::string left = from_byte_level(merge.substr(0, space));
    const std::string right = from_byte_level(merge.substr(space + 1));
    const TokenId ids[] = {tokens_.find(left), tokens_.find(right), tokens_.find(left + right)};
    if (ids[0] < 0 || ids[1] < 0 || ids[2] < 0) {
      return invalid(file, concat("metadata tokenizer.ggml.merges: element ", rank, ", \"", printable(merge),
                                  "\", names a token that is not in tokenizer.ggml.tokens."));
    }
    merges_.add(ids[0], ids[1], static_cast<std::uint32_t>(rank), ids[2]);
  }
  return {};
}

Result<TokenId> BytePairTokenizer::token_of_key(const GgufFile& file, std::string_view key) const {
  if (!file.has(key)) return TokenId{-1};
  const auto id = file.u32(key);
  if (!id) return id.error();
  if (*id >= static_cast<std::uint32_t>(tokens_.size())) {
    return invalid(file, concat("metadata ", key, " is ", *id, ", but there are only ", tokens_.size(), " tokens."));
  }
  return static_cast<TokenId>(*id);
}

Result<void> BytePairTokenizer::load_special(const GgufFile& file) {
  const auto bos = token_of_key(file, "tokenizer.ggml.bos_token_id");
  if (!bos) return bos.error();
  bos_ = *bos;
  const auto eos = token_of_key(file, "tokenizer.ggml.eos_token_id");
  if (!eos) return eos.error();
  eos_ = *eos;
  const auto add_bos = file.boolean_or("tokenizer.ggml.add_bos_token", pre_tokenizer_->adds_bos());
  if (!add_bos) return add_bos.error();
  add_bos_ = *add_bos && bos_ >= 0;

  for (const auto key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    const auto id = token_of_key(file, key);
    if (!id) return id.error();
    if (*id >= 0) ends_[static_cast<std::size_t>(*id)] = true;
  }
  for (const auto spelling : end_spellings) {
    const auto match = special_.find(spelling, 0, true);
    if (match.length == spelling.size()) ends_[static_cast<std::size_t>(match.id)] = true;
  }
  return {};
}

std::vector<TokenId> BytePairTokenizer::encode_valid(std::string_view text, EncodeOptions options) const {
  std::vector<TokenId> out;
  out.reserve(text.size() / 3 + 1);
  if (options.add_special && add_bos_) out.push_back(bos_);
  std::size_t done = 0;
  while (done < text.size()) {
    const auto match = special_.find(text, done, options.parse_special);
    encode_plain(text.substr(done, match.begin - done), out);
    if (match.id < 0) break;
    out.push_back(match.id);
    done = match.begin + match.length;
  }
  return out;
}

std::vector<TokenId> BytePairTokenizer::encode_valid(std::span<const TextPart> parts) const {
  std::vector<TokenId> out;
  std::string plain;  // since the last special token: pieces may reach across parts
  const auto flush = [&] {
    encode_plain(plain, out);
    plain.clear();
  };
  for (const TextPart& part : parts) {
    const std::string_view text = part.text;
    std::size_t done = 0;
    while (done < text.size()) {
      const auto match = special_.find(text, done, !part.literal);
      plain += text.substr(done, match.begin - done);
      if (match.id < 0) break;
      flush();
      out.push_back(match.id);
      done = match.begin + match.length;
    }
  }
  flush();
  return out;
}

void BytePairTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  for (const auto piece : pre_tokenizer_->split(text)) {
    const TokenId whole = pre_tokenizer_->whole_pieces_first() ? tokens_.find(piece) : -1;
    if (whole >= 0) {
      out.push_back(whole);
    } else {
      merges_.encode(piece, out);
    }
  }
}

std::string BytePairTokenizer::piece(TokenId id, bool special) const {
  if (!known(id) || (!special && is_control(id))) return {};
  return std::string(tokens_.bytes(id));
}

}  // namespace hadal
