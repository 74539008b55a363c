#include "text/byte_pair_tokenizer.h"

#include "base/text.h"
#include "text/byte_level.h"
#include "text/piece_cache.h"

namespace hadal {

Result<std::unique_ptr<Tokenizer>> BytePairTokenizer::create(const Checkpoint& file) {
  auto pre_tokenizer = PreTokenizer::create(file);
  if (!pre_tokenizer) return pre_tokenizer.error();
  auto vocabulary = Vocabulary::load(file, Vocabulary::Spelling::byte_level);
  if (!vocabulary) return vocabulary.error();

  std::unique_ptr<BytePairTokenizer> out(new BytePairTokenizer(std::move(*vocabulary)));
  out->pre_tokenizer_ = std::move(*pre_tokenizer);
  if (out->pre_tokenizer_->rules().composes) out->composition_.emplace();
  if (auto done = out->load_merges(file); !done) return done.error();
  if (auto done = out->load_ends(file, out->pre_tokenizer_->rules().adds_bos); !done) return done.error();
  return std::unique_ptr<Tokenizer>(std::move(out));
}

Result<void> BytePairTokenizer::load_merges(const Checkpoint& file) {
  return merges_.load(file, [&](std::string_view spelling) { return vocabulary().find(from_byte_level(spelling)); });
}

void BytePairTokenizer::encode_plain(std::string_view text, bool, std::vector<TokenId>& out) const {
  const std::string composed = composition_ ? composition_->apply(text) : "";
  if (composition_) text = composed;
  PieceCache cache(text.size());
  for (const auto piece : pre_tokenizer_->split(text)) {
    cache.append(piece, out, [&] { encode_piece(piece, out); });
  }
}

void BytePairTokenizer::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  const TokenId whole = pre_tokenizer_->rules().whole_pieces_first ? vocabulary().find(piece) : -1;
  if (whole >= 0) {
    out.push_back(whole);
    return;
  }
  const std::size_t begin = out.size();
  for (const char c : piece) {
    const TokenId token = vocabulary().byte_token(static_cast<std::uint8_t>(c));
    if (token >= 0) out.push_back(token);
  }
  merges_.apply(out, begin);
}

}  // namespace hadal
