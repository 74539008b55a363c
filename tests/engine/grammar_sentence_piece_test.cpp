// Grammars over SentencePiece vocabularies: spaces inside words, bytes as tokens, no piece for most characters.
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/gguf.h"
#include "hadal/grammar.h"
#include "runtime/random.h"
#include "support/gguf_writer.h"
#include "support/json_validator.h"
#include "text/grammar/matcher.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using hadal::grammar::Matcher;
using Json = nlohmann::ordered_json;

namespace {

bool bit(std::span<const std::uint64_t> mask, TokenId token) {
  return mask[static_cast<std::size_t>(token) / 64] >> token % 64 & 1;
}

TokenId any_of(std::span<const std::uint64_t> mask, Random& random) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < mask.size() * 64; ++i) {
    if (bit(mask, static_cast<TokenId>(i))) tokens.push_back(static_cast<TokenId>(i));
  }
  return tokens.empty() ? -1 : tokens[random.next() % tokens.size()];
}

/// The special tokens, all bytes, and a few pieces, some with the mark that stands for a space.
std::string small_vocabulary() {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    char spelling[8];
    std::snprintf(spelling, sizeof spelling, "<0x%02X>", static_cast<unsigned>(byte));
    tokens.emplace_back(spelling);
    types.push_back(6);
  }
  for (const char* piece : {"▁",   "▁▁", "{", "▁{", "}", "▁}", "[",  "▁[",   "]",    "\"",    "▁\"",   "\":",
                            "\",", ",",  ":", "▁:", "a", "▁a", "an", "▁the", "true", "▁true", "false", "null",
                            "1",   "▁1", "0", ".",  "-", "▁-", "é",  "中",   "文",   "中文",  "▁中"}) {
    tokens.emplace_back(piece);
    types.push_back(1);
  }
  std::vector<float> scores(tokens.size(), 0.0F);
  for (std::size_t i = 259; i < scores.size(); ++i) scores[i] = -static_cast<float>(i);
  test::GgufWriter writer;
  writer.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
  writer.numbers("tokenizer.ggml.scores", 6, scores).numbers("tokenizer.ggml.token_type", 5, types);
  writer.u32("tokenizer.ggml.bos_token_id", 1).u32("tokenizer.ggml.eos_token_id", 2);
  return writer.bytes();
}

std::unique_ptr<Tokenizer> tokenizer_of(const std::string& bytes) {
  const auto file = test::parse(bytes);
  if (!file) qFatal("%s", file.error().message.c_str());
  auto made = make_tokenizer(*file);
  if (!made) qFatal("%s", made.error().message.c_str());
  return std::move(*made);
}

}  // namespace

class GrammarSentencePieceTest : public QObject {
  Q_OBJECT
  std::unique_ptr<Tokenizer> tokenizer_;
  std::shared_ptr<const GrammarCompiler> compiler_;

  void use(const std::string& bytes) {
    tokenizer_ = tokenizer_of(bytes);
    compiler_ = *GrammarCompiler::create(*tokenizer_);
  }
  /// Drawn blindly from the masks, and brought to an end.
  std::string drawn(const Grammar& grammar, Random& random, std::size_t more) {
    Matcher matcher(grammar.program());
    std::size_t left = matcher.shortest() + more;
    std::string text;
    for (; left > 0 && !matcher.over(); --left) {
      TokenId token = any_of(matcher.allowed(), random);
      if (token < 0) return "no token may come behind: " + text;
      if (!matcher.fits(token, left - 1)) token = any_of(matcher.steered(left - 1), random);
      if (token < 0 || !matcher.fits(token, left - 1)) return "no way to the end behind: " + text;
      if (tokenizer_->is_end(token)) break;
      if (!matcher.accept(token)) return "an allowed token is refused behind: " + text;
      text += tokenizer_->piece(token);
    }
    return matcher.complete() ? text : "not complete: " + text;
  }

 private slots:
  void init() { use(small_vocabulary()); }

  void masks_hold_exactly_the_tokens_that_can_be_read() {
    const auto grammar = *compiler_->regex("( the)? *(中文|é|\\{a+\\}|[x-z]{2})");
    Random random(5);
    for (int round = 0; round < 40; ++round) {
      Matcher matcher(grammar->program());
      std::vector<TokenId> taken;
      while (!matcher.over()) {
        const auto mask = matcher.allowed();
        const std::vector<std::uint64_t> kept(mask.begin(), mask.end());
        for (TokenId id = 0; id < tokenizer_->vocabulary_size(); ++id) {
          if (tokenizer_->is_end(id)) {
            QCOMPARE(bit(kept, id), matcher.complete());
            continue;
          }
          Matcher copy(grammar->program());
          for (const TokenId before : taken) copy.accept(before);
          QVERIFY2(copy.accept(id) == bit(kept, id), tokenizer_->piece(id, true).c_str());
        }
        const TokenId token = any_of(kept, random);
        QVERIFY(token >= 0);
        if (tokenizer_->is_end(token)) break;
        QVERIFY(matcher.accept(token));
        taken.push_back(token);
      }
    }
  }

  void a_space_that_nobody_writes_is_not_allowed() {
    const auto grammar = *compiler_->json_schema(R"({"type": "boolean"})");
    Matcher matcher(grammar->program());
    const auto allowed = [&](const char* text) {
      const auto mask = matcher.allowed();
      for (TokenId id = 0; id < tokenizer_->vocabulary_size(); ++id) {
        if (tokenizer_->piece(id) == text && bit(mask, id)) return true;
      }
      return false;
    };
    QVERIFY(allowed("true") && allowed("false") && allowed("t"));
    QVERIFY(!allowed(" true") && !allowed(" ") && !allowed("null"));
  }

  void random_answers_are_valid_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("small") << QString();
    QTest::newRow("llama") << (qEnvironmentVariable("HADAL_TEST_VOCABULARIES", "/nowhere") + "/ggml-vocab-llama-spm.gguf");
  }
  void random_answers_are_valid() {
    QFETCH(QString, file);
    if (!file.isEmpty()) {
      QFile vocabulary(file);
      if (!vocabulary.open(QIODevice::ReadOnly)) QSKIP("the vocabulary is not here");
      use(vocabulary.readAll().toStdString());
    }
    std::ifstream listed(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/json_schemas.json");
    Random random(21);
    for (const Json& rules : Json::parse(listed)) {
      const auto grammar = compiler_->json_schema(rules.dump());
      QVERIFY2(bool(grammar), rules.dump().c_str());
      for (const std::size_t more : {0U, 7U, 40U}) {
        const std::string text = drawn(**grammar, random, more);
        const auto value = nlohmann::json::parse(text, nullptr, false);
        QVERIFY2(!value.is_discarded(), text.c_str());
        const nlohmann::json plain = nlohmann::json::parse(rules.dump());
        QVERIFY2(test::JsonValidator(plain).valid(value), (text + " by " + rules.dump()).c_str());
      }
    }
  }
};

QTEST_GUILESS_MAIN(GrammarSentencePieceTest)
#include "grammar_sentence_piece_test.moc"
