#include "text/sentence_piece_tokenizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "base/utf8.h"
#include "text/piece_cache.h"
#include "text/sentence_piece.h"
#include "text/tokenizer_keys.h"

namespace hadal {
namespace {

/// Where the word at the beginning of `text` ends: before the first space that follows something else.
std::size_t word_end(std::string_view text) {
  const std::size_t word = text.find_first_not_of(' ');
  return word == std::string_view::npos ? text.size() : std::min(text.find(' ', word), text.size());
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> SentencePieceTokenizer::create(const Checkpoint& file) {
  auto vocabulary = Vocabulary::load(file, Vocabulary::Spelling::sentence_piece);
  if (!vocabulary) return vocabulary.error();
  std::unique_ptr<SentencePieceTokenizer> out(new SentencePieceTokenizer(std::move(*vocabulary)));
  if (auto done = out->load_merges(file); !done) return done.error();
  if (auto done = out->load_ends(file, true); !done) return done.error();
  if (auto done = out->load_spaces(file); !done) return done.error();
  for (TokenId id = 0; id < out->vocabulary().size(); ++id) {
    const std::string_view bytes = out->vocabulary().bytes(id);
    if (word_end(bytes) != bytes.size() && out->vocabulary().find(bytes) == id) out->words_apart_ = false;
  }
  return std::unique_ptr<Tokenizer>(std::move(out));
}

Result<void> SentencePieceTokenizer::load_spaces(const Checkpoint& file) {
  const auto add_space = file.boolean_or("tokenizer.ggml.add_space_prefix", true);
  if (!add_space) return add_space.error();
  const auto prefix = file.string_or(tokenizer_keys::space_prefix, "always");
  if (!prefix) return prefix.error();
  const auto words_apart = file.boolean_or(tokenizer_keys::words_apart, false);
  if (!words_apart) return words_apart.error();
  add_space_ = *add_space;
  space_at_beginning_only_ = *prefix == "first";
  space_unless_there_ = *prefix != "always";
  spaces_part_words_ = *words_apart;
  return {};
}

Result<void> SentencePieceTokenizer::load_merges(const Checkpoint& file) {
  if (file.has("tokenizer.ggml.scores")) return load_scores(file);
  if (!file.has("tokenizer.ggml.merges")) {
    return file.error(ErrorCode::invalid_file,
                      "the metadata has neither tokenizer.ggml.scores nor tokenizer.ggml.merges, without which text "
                      "cannot be split into tokens.");
  }
  return merges_.load(file, [&](std::string_view spelling) {
    std::string bytes(spelling);
    spaces_from_marks(bytes);
    return vocabulary().find(bytes);
  });
}

// A pair can be merged if what comes out is a token, and its score says when. Listing every pair that makes a token is
// the same as looking up every pair of neighbours, and lets both sorts of vocabulary share one algorithm.
Result<void> SentencePieceTokenizer::load_scores(const Checkpoint& file) {
  const auto scores = file.f32s("tokenizer.ggml.scores");
  if (!scores) return scores.error();
  const auto count = static_cast<std::size_t>(vocabulary().size());
  if (scores->size() != count) {
    return file.error(ErrorCode::invalid_file, concat("metadata tokenizer.ggml.scores has ", scores->size(),
                                                      " elements for ", count, " tokens."));
  }
  const auto strange = std::ranges::find_if(*scores, [](float score) { return std::isnan(score); });
  if (strange != scores->end()) {
    return file.error(ErrorCode::invalid_file,
                      concat("metadata tokenizer.ggml.scores: element ", strange - scores->begin(), " is no number."));
  }
  const auto score = [&](TokenId id) { return (*scores)[static_cast<std::size_t>(id)]; };
  std::vector<TokenId> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(), score);
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && score(order[i]) != score(order[i - 1])) ++rank;
    const std::string_view whole = vocabulary().bytes(order[i]);
    if (vocabulary().find(whole) != order[i]) continue;
    for (std::size_t at = 1; at < whole.size(); ++at) {
      const TokenId left = vocabulary().find(whole.substr(0, at)), right = vocabulary().find(whole.substr(at));
      if (left >= 0 && right >= 0) merges_.add(left, right, rank, order[i]);
    }
  }
  return {};
}

void SentencePieceTokenizer::encode_plain(std::string_view text, bool at_beginning, std::vector<TokenId>& out) const {
  if (text.empty()) return;
  std::string spaced(text);
  spaces_from_marks(spaced);
  const bool wanted = add_space_ && (at_beginning || !space_at_beginning_only_);
  if (wanted && !(space_unless_there_ && spaced.front() == ' ')) spaced.insert(0, 1, ' ');
  PieceCache cache(spaced.size());
  for (std::string_view rest = spaced; !rest.empty();) {
    const std::size_t end = spaces_part_words_ ? rest.find(' ', 1) : words_apart_ ? word_end(rest) : rest.size();
    const std::string_view piece = rest.substr(0, end);
    cache.append(piece, out, [&] { encode_piece(piece, out); });
    rest.remove_prefix(piece.size());
  }
}

void SentencePieceTokenizer::encode_piece(std::string_view piece, std::vector<TokenId>& out) const {
  const std::size_t begin = out.size();
  for (std::string_view rest = piece; !rest.empty();) {
    const std::size_t length = utf8_head(rest).length;
    encode_character(rest.substr(0, length), begin, out);
    rest.remove_prefix(length);
  }
  merges_.apply(out, begin);
}

void SentencePieceTokenizer::encode_character(std::string_view character, std::size_t begin,
                                              std::vector<TokenId>& out) const {
  const TokenId whole = vocabulary().find(character);
  if (whole >= 0) return out.push_back(whole);
  const auto token = [&](char byte) { return vocabulary().byte_token(static_cast<std::uint8_t>(byte)); };
  if (std::ranges::all_of(character, [&](char byte) { return token(byte) >= 0; })) {
    for (const char byte : character) out.push_back(token(byte));
    return;
  }
  const TokenId unknown = vocabulary().unknown();
  const bool goes_on = out.size() > begin && out.back() == unknown;
  if (unknown >= 0 && !goes_on) out.push_back(unknown);
}

}  // namespace hadal
