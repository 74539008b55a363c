#include <fstream>
#include <map>
#include <memory>

#include "base/utf8.h"
#include "engine/support/small_vocabularies.h"
#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/input.h"
#include "fuzz/entrances/vocabulary_text.h"
#include "text/sentence_piece.h"
#include "text/stop_matcher.h"
#include "text/tokenizer_factory.h"

// A byte that chooses a vocabulary, one that says where the text is cut, and a text. With the choice 'h' the
// vocabulary is the input's own, and may be hostile: see vocabulary_text.h.
namespace hadal::test {
namespace {

using Ids = std::vector<TokenId>;
constexpr EncodeOptions as_special = {.add_special = false, .parse_special = true};
constexpr EncodeOptions as_text = {.add_special = false, .parse_special = false};

struct SmallVocabulary {
  std::string kind;
  std::unique_ptr<Tokenizer> tokenizer;
  TokenId first_special = 0;
  bool sentence_piece() const { return kind == "scores" || kind == "merges"; }
  bool composes() const { return kind.starts_with("qwen"); }
};

std::vector<SmallVocabulary> made_vocabularies() {
  std::ifstream file(HADAL_SOURCE_DIR "/tests/data/tokenizer_small.json");
  const auto small = nlohmann::json::parse(file);
  std::vector<SmallVocabulary> out;
  for (const auto& [kind, ids] : small["byte_level"]["ids"].items()) out.push_back({kind, nullptr});
  out.push_back({"scores", nullptr});
  out.push_back({"merges", nullptr});
  for (SmallVocabulary& vocabulary : out) {
    const std::string bytes = small_vocabulary(small, vocabulary.kind).bytes();
    vocabulary.tokenizer = *make_tokenizer(*parse(bytes));
    vocabulary.first_special =
        vocabulary.tokenizer->vocabulary_size() - small["special"].get<TokenId>() - small["added"].get<TokenId>();
  }
  return out;
}

std::string spelled(const Tokenizer& tokenizer, const Ids& ids) {
  std::string out;
  for (const TokenId id : ids) out += tokenizer.piece(id, true);
  return out;
}

/// Cut at the beginning of the character at or after `at`.
std::vector<TextPart> cut(std::string_view text, std::size_t at, bool literal) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  at = std::min(at, text.size());
  return {{std::string(text.substr(0, at)), literal}, {std::string(text.substr(at)), literal}};
}

void promise_ids(const Tokenizer& tokenizer, const Ids& ids) {
  for (const TokenId id : ids)
    promise(id >= 0 && id < tokenizer.vocabulary_size(), "a token outside of the vocabulary");
  const std::string text = tokenizer.decode(ids, true);
  promise(bool(check_utf8(text, "It")), "decoded text that is no UTF-8");
}

/// What holds for every vocabulary and every text.
void promise_of_any(const Tokenizer& tokenizer, std::string_view text, std::size_t at) {
  const auto ids = tokenizer.encode(text, as_special), plain = tokenizer.encode(text, as_text);
  const bool valid = bool(check_utf8(text, "It"));
  promise(bool(ids) == valid && bool(plain) == valid, "text is taken that is no UTF-8, or refused that is");
  if (!valid) return promise_sentence(ids.error());
  promise_ids(tokenizer, *ids);
  promise_ids(tokenizer, *plain);
  promise_ids(tokenizer, *tokenizer.encode(text));
  promise(*tokenizer.encode(cut(text, at, false)) == *ids, "parts that differ from the whole");
  promise(*tokenizer.encode(cut(text, at, true)) == *plain, "literal parts that differ from the whole");
}

/// The small vocabularies have every byte, so nothing is lost.
void promise_round_trip(const SmallVocabulary& vocabulary, std::string_view text) {
  const Tokenizer& tokenizer = *vocabulary.tokenizer;
  const auto ids = tokenizer.encode(text, as_special), plain = tokenizer.encode(text, as_text);
  if (!ids) return;
  // The first is the unknown token.
  for (const TokenId id : *plain) promise(id == 0 || !tokenizer.is_control(id), "a control token out of literal text");
  if (vocabulary.composes()) {
    const std::string composed = spelled(tokenizer, *ids);
    return promise(*tokenizer.encode(composed, as_special) == *ids, "composed text of other tokens");
  }
  if (!vocabulary.sentence_piece()) return promise(spelled(tokenizer, *ids) == text, "other text came back");
  std::string spaced(text);
  spaces_from_marks(spaced);
  const bool special = std::ranges::any_of(*ids, [&](TokenId id) { return id == 0 || id >= vocabulary.first_special; });
  promise(special || tokenizer.decode(*ids, true) == spaced, "other text came back");
}

/// Bytes as they come out of a model are shown alike however they are cut.
void promise_streams(std::string_view bytes, std::size_t at) {
  at = std::min(at, bytes.size());
  Utf8Stream whole, halves, single;
  std::string expected = whole.push(bytes);
  expected += whole.finish();
  promise(bool(check_utf8(expected, "It")), "a stream that is no UTF-8");
  std::string shown = halves.push(bytes.substr(0, at));
  shown += halves.push(bytes.substr(at));
  promise(shown + halves.finish() == expected, "a stream that depends on its cut");
  shown.clear();
  for (const char& byte : bytes) shown += single.push({&byte, 1});
  promise(shown + single.finish() == expected, "a stream that depends on its cuts");
}

void decode_anything(const Tokenizer& tokenizer, std::string_view bytes) {
  Ids ids = {-1, tokenizer.vocabulary_size(), INT32_MAX, INT32_MIN};
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    ids.push_back(static_cast<unsigned char>(bytes[i]) * 256 + static_cast<unsigned char>(bytes[i + 1]));
  }
  for (const TokenId id : ids) {
    const bool known = id >= 0 && id < tokenizer.vocabulary_size();
    promise(known || (!tokenizer.is_end(id) && !tokenizer.is_control(id)), "a token nobody knows, with a meaning");
    promise(known || tokenizer.piece(id, true).empty(), "a token nobody knows, with a text");
  }
  promise(bool(check_utf8(tokenizer.decode(ids), "It")), "decoded text that is no UTF-8");
}

void enter_hostile_vocabulary(Input input) {
  const std::size_t at = input.byte();
  const VocabularyText description(input);
  const std::string bytes = description.file();
  const auto file = parse(bytes);
  if (!file) return promise_sentence(file.error());
  const auto tokenizer = make_tokenizer(*file);
  if (!tokenizer) return promise_sentence(tokenizer.error(), "test.gguf");
  promise_of_any(**tokenizer, description.text(), at);
  decode_anything(**tokenizer, description.text());
}

}  // namespace

void enter_tokenizer(std::string_view bytes) {
  static const std::vector<SmallVocabulary> vocabularies = made_vocabularies();
  Input input(bytes);
  const std::uint8_t choice = input.byte();
  if (choice == 'h') return enter_hostile_vocabulary(input);
  const SmallVocabulary& vocabulary = vocabularies[choice % vocabularies.size()];
  const std::size_t at = input.byte();
  promise_of_any(*vocabulary.tokenizer, input.rest(), at);
  promise_round_trip(vocabulary, input.rest());
  promise_streams(input.rest(), at);
  decode_anything(*vocabulary.tokenizer, input.rest());
}

}  // namespace hadal::test
