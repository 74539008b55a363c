#include <QtTest>
#include <cmath>
#include <ctime>
#include <limits>

#include "formats/gguf.h"
#include "models/model_info.h"
#include "support/gguf_writer.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using hadal::test::GgufWriter;
using Ids = std::vector<TokenId>;

/// What vocabularies say beside tokens and merges, and what is done with strange ones.
class VocabularyTest : public QObject {
  Q_OBJECT
 private slots:
  void mergesByScore();
  void fallsBackToBytes();
  void putsASpaceFirst();
  void takesTimeLinearInTheText();
  void beginsAndEndsSequences();
  void stopsAtEveryEndToken_data();
  void stopsAtEveryEndToken();
  void takesHarmlessOddities();
  void refusesBadVocabularies_data();
  void refusesBadVocabularies();
  void saysWhichRulesItAssumes();
};

namespace {

constexpr std::string_view tokens_key = "tokenizer.ggml.tokens", types_key = "tokenizer.ggml.token_type",
                           scores_key = "tokenizer.ggml.scores";
constexpr float inf = std::numeric_limits<float>::infinity();

struct Token {
  std::string text;
  std::int32_t type = 1;
  float score = 0;
};

GgufWriter sentencePiece(const std::vector<Token>& tokens) {
  std::vector<std::string> texts;
  std::vector<std::int32_t> types;
  std::vector<float> scores;
  for (const Token& token : tokens) {
    texts.push_back(token.text);
    types.push_back(token.type);
    scores.push_back(token.score);
  }
  GgufWriter writer;
  writer.text("tokenizer.ggml.model", "llama").texts(tokens_key, texts);
  writer.numbers(types_key, 5, types).numbers(scores_key, 6, scores);
  return writer;
}

Result<std::unique_ptr<Tokenizer>> load(const GgufWriter& writer) {
  const std::string bytes = writer.bytes();
  const auto file = test::parse(bytes);
  if (!file) return file.error();
  return make_tokenizer(*file);
}

std::unique_ptr<Tokenizer> make(const GgufWriter& writer) {
  auto tokenizer = load(writer);
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

/// <unk> <s> </s>, then single letters 3 to 6, pairs and words from 7 on.
std::vector<Token> letters() {
  return {{"<unk>", 2},    {"<s>", 3},       {"</s>", 3},      {"▁", 1, -9},    {"a", 1, -9},   {"b", 1, -9},
          {"c", 1, -9},    {"ab", 1, -2},    {"bc", 1, -1},    {"▁a", 1, -3},   {"abc", 1, -4}, {"▁abc", 1, -5},
          {"▁▁", 1, -1.5}, {"<0xC3>", 6, 0}, {"<0xA4>", 6, 0}, {"aUSERb", 4, 0}};
}

}  // namespace

// Expected by hand from the definition: of all neighbours that make a token, the ones with the highest score first.
void VocabularyTest::mergesByScore() {
  const auto tokenizer = make(sentencePiece(letters()));
  QVERIFY(tokenizer != nullptr);
  const auto ids = [&](std::string_view text) { return *tokenizer->encode(text, {.add_special = false}); };
  QVERIFY((ids("abc") == Ids{11}));       // bc, then ▁a, then ▁abc
  QVERIFY((ids("ab") == Ids{3, 7}));      // ab before ▁a
  QVERIFY((ids("b a") == Ids{3, 5, 9}));  // a space belongs to the word behind it
  QVERIFY((ids("  a") == Ids{12, 9}));    // ▁▁ ▁ a
  QVERIFY((ids("a▁a") == ids("a a")));    // U+2581 in text is a space
  QVERIFY((ids("xaUSERbx") == Ids{3, 0, 15, 3, 0}));
  QVERIFY((ids("<s>") == Ids{1}));
  QVERIFY((*tokenizer->encode("<s>", {.parse_special = false}) == Ids{3, 0}));
  std::vector<Token> equal = letters();
  for (Token& token : equal) token.score = 0;
  const auto leftmost = make(sentencePiece(equal));
  QVERIFY(leftmost != nullptr);
  QVERIFY((*leftmost->encode("bc", {.add_special = false}) == Ids{3, 8}));
  QVERIFY((*leftmost->encode("ab", {.add_special = false}) == Ids{9, 5}));
  equal[7].score = inf;
  QVERIFY((*make(sentencePiece(equal))->encode("ab", {.add_special = false}) == Ids{3, 7}));
}

void VocabularyTest::fallsBackToBytes() {
  const auto tokenizer = make(sentencePiece(letters()));
  QVERIFY(tokenizer != nullptr);
  const auto ids = [&](std::string_view text) { return *tokenizer->encode(text, {.add_special = false}); };
  QVERIFY((ids("ää") == Ids{3, 13, 14, 13, 14}));
  QVERIFY((ids("aä") == Ids{9, 13, 14}));
  QVERIFY((ids("öüa") == Ids{3, 0, 4}));  // bytes that are no tokens: one unknown token for the run
  QVERIFY(tokenizer->piece(13) == "\xC3");
  QVERIFY(tokenizer->piece(0).empty());
  QVERIFY(tokenizer->piece(0, true) == "<unk>");
  std::vector<Token> without = letters();
  without[0].type = 1;
  const auto dropping = make(sentencePiece(without));
  QVERIFY(dropping != nullptr);
  QVERIFY((*dropping->encode("öüa", {.add_special = false}) == Ids{9}));
  GgufWriter named = sentencePiece(without);
  named.u32("tokenizer.ggml.unknown_token_id", 6);
  QVERIFY((*make(named)->encode("öüa", {.add_special = false}) == Ids{3, 6, 4}));
}

void VocabularyTest::putsASpaceFirst() {
  const auto tokenizer = make(sentencePiece(letters()));
  QVERIFY(tokenizer != nullptr && tokenizer->adds_space());
  QVERIFY(tokenizer->encode("", {.add_special = false})->empty());
  QVERIFY((*tokenizer->encode("a</s>a", {.add_special = false}) == Ids{9, 2, 9}));
  const std::vector<TextPart> parts = {{"<s>", false}, {"a", true}, {"b<s>", true}, {"</s>", false}};
  QVERIFY((*tokenizer->encode(parts) == Ids{1, 3, 7, 0, 2}));  // "ab<s>" is one text
  for (const char* text : {"a", " a", "a b", "b  c", " "}) {
    QCOMPARE(QString::fromStdString(tokenizer->decode(*tokenizer->encode(text))), QString(text));
  }
  QCOMPARE(QString::fromStdString(tokenizer->decode(Ids{1, 9, 9})), QString("a a"));
  QCOMPARE(QString::fromStdString(tokenizer->decode(Ids{1, 9}, true)), QString("<s> a"));
  GgufWriter writer = sentencePiece(letters());
  const auto plain = make(writer.boolean("tokenizer.ggml.add_space_prefix", false));
  QVERIFY(plain != nullptr && !plain->adds_space());
  QVERIFY((*plain->encode("ab", {.add_special = false}) == Ids{7}));
  QCOMPARE(QString::fromStdString(plain->decode(Ids{9})), QString(" a"));
}

void VocabularyTest::takesTimeLinearInTheText() {
  std::vector<Token> crossing = letters();
  crossing.push_back({"c▁a", 1, -1});  // so that the text cannot be cut into words
  for (const auto& tokens : {letters(), crossing}) {
    const auto tokenizer = make(sentencePiece(tokens));
    QVERIFY(tokenizer != nullptr);
    for (const std::string_view unit : {"a", " ", "abc", "ab c ", "ä", "▁"}) {
      std::string text;
      while (text.size() < 1'000'000) text += unit;
      const std::clock_t start = std::clock();
      const Ids ids = *tokenizer->encode(text);
      const auto milliseconds = (std::clock() - start) * 1000 / CLOCKS_PER_SEC;
      QVERIFY(!ids.empty());
      QVERIFY2(milliseconds < 20'000, qPrintable(QString::number(milliseconds)));  // the square would take hours
    }
  }
}

void VocabularyTest::beginsAndEndsSequences() {
  GgufWriter writer = sentencePiece(letters());
  writer.u32("tokenizer.ggml.bos_token_id", 1).u32("tokenizer.ggml.eos_token_id", 2);
  QVERIFY((*make(writer)->encode("a") == Ids{1, 9}));  // this kind begins so unless told otherwise
  writer.boolean("tokenizer.ggml.add_eos_token", true);
  QVERIFY((*make(writer)->encode("a") == Ids{1, 9, 2}));
  QVERIFY((*make(writer)->encode("a", {.add_special = false}) == Ids{9}));
  writer.boolean("tokenizer.ggml.add_bos_token", false);
  QVERIFY((*make(writer)->encode("a") == Ids{9, 2}));
  QVERIFY((*make(sentencePiece(letters()))->encode("a") == Ids{9}));  // no token is named
}

void VocabularyTest::stopsAtEveryEndToken_data() {
  QTest::addColumn<QString>("spelling");
  QTest::addColumn<QString>("key");
  QTest::addColumn<int>("type");
  QTest::addColumn<bool>("ends");
  for (const char* spelling : {"<|im_end|>", "<|eot_id|>", "<|EOT|>", "<end_of_turn>", "<|endoftext|>", "</s>",
                               "<｜end▁of▁sentence｜>", "<|eom_id|>", "<|end|>", "<|end_of_text|>"}) {
    QTest::newRow(spelling) << spelling << "" << 3 << true;
  }
  QTest::newRow("user-defined") << "<|EOT|>"
                                << "" << 4 << true;  // as DeepSeek-Coder's converters write it
  QTest::newRow("text that looks so") << "</s>"
                                      << "" << 1 << false;
  QTest::newRow("another control token") << "<|im_start|>"
                                         << "" << 3 << false;
  for (const char* name : {"eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"}) {
    const QString key = QString("tokenizer.ggml.%1_token_id").arg(name);
    QTest::newRow(name) << "x" << key << 1 << true;
  }
  QTest::newRow("bos") << "x"
                       << "tokenizer.ggml.bos_token_id" << 3 << false;
}

void VocabularyTest::stopsAtEveryEndToken() {
  QFETCH(QString, spelling);
  QFETCH(QString, key);
  QFETCH(int, type);
  QFETCH(bool, ends);
  GgufWriter writer = sentencePiece({{"a"}, {spelling.toStdString(), type}});
  if (!key.isEmpty()) writer.u32(key.toStdString(), 1);
  const auto tokenizer = make(writer);
  QVERIFY(tokenizer != nullptr);
  QCOMPARE(tokenizer->is_end(1), ends);
  QVERIFY(!tokenizer->is_end(0));
}

void VocabularyTest::takesHarmlessOddities() {
  std::vector<Token> tokens = letters();
  tokens.push_back({"ab", 1, 5});                 // 16: spelled like 7, which is the one found
  tokens.push_back({"", 1, 9});                   // 17
  tokens.push_back({"", 3});                      // 18
  tokens.push_back({"\xFF\xFE", 1, -1});          // 19: no UTF-8
  tokens.push_back({"<s>", 3});                   // 20
  tokens.push_back({"a b", 1, 10});               // 21: a plain space, which text never has by then
  tokens.push_back({std::string("a\0b", 3), 3});  // 22
  const auto tokenizer = make(sentencePiece(tokens));
  QVERIFY(tokenizer != nullptr);
  QVERIFY((*tokenizer->encode("ab a b", {.add_special = false}) == Ids{3, 7, 9, 3, 5}));
  QVERIFY((*tokenizer->encode("<s>", {.add_special = false}) == Ids{1}));
  QVERIFY((*tokenizer->encode(std::string_view("a\0b", 3), {.add_special = false}) == Ids{22}));
  QVERIFY(tokenizer->piece(16) == "ab" && tokenizer->piece(17).empty() && tokenizer->piece(19) == "\xFF\xFE");
  QVERIFY(tokenizer->decode(Ids{19, 20, -5, 99}, true) == "\uFFFD\uFFFD<s>");

  // Tokens that hold several words let merges reach from word to word.
  const auto crossing = make(sentencePiece({{"▁", 1, -9}, {"a", 1, -9}, {"a▁", 1, -1}, {"a▁a", 1, -2}}));
  QVERIFY(crossing != nullptr);
  QVERIFY((*crossing->encode("a aa", {.add_special = false}) == Ids{0, 3, 1}));

  // Without types, single bytes are known by their spelling.
  GgufWriter untyped;
  untyped.text("tokenizer.ggml.model", "llama").texts(tokens_key, {"▁", "<0x41>"});
  untyped.numbers<float>(scores_key, 6, {0, 0});
  QVERIFY((*make(untyped)->encode("A", {.add_special = false}) == Ids{0, 1}));
}

void VocabularyTest::refusesBadVocabularies_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("says");
  const auto row = [](const char* name, const char* says, const GgufWriter& writer) {
    QTest::newRow(name) << QByteArray::fromStdString(writer.bytes()) << QString(says);
  };
  const auto named = [](const char* model) {
    GgufWriter writer;
    writer.text("tokenizer.ggml.model", model).text("tokenizer.ggml.pre", "gpt-2");
    return writer;
  };
  const std::vector<std::string> ab = {"a", "b", "ab"};
  row("no scores", "has neither tokenizer.ggml.scores nor tokenizer.ggml.merges", named("llama").texts(tokens_key, ab));
  row("scores too few", "scores has 2 elements for 3 tokens",
      named("llama").texts(tokens_key, ab).numbers<float>(scores_key, 6, {1, 2}));
  row("scores as integers", "scores should be of type array of f32, but is array of i32",
      named("llama").texts(tokens_key, ab).numbers<std::int32_t>(scores_key, 5, {1, 2, 3}));
  row("score that is no number", "scores: element 1 is no number",
      named("llama").texts(tokens_key, ab).numbers<float>(scores_key, 6, {1, std::nanf(""), 3}));
  row("no tokens", "tokens has 0 tokens; 1 to", named("llama").texts(tokens_key, {}));
  row("ten million tokens", "tokens has 10000000 tokens; 1 to",
      named("gpt2").texts(tokens_key, std::vector<std::string>(10'000'000)));
  row("byte that is none", "token 0, \"<0xG1>\", is of type byte, but not spelled", sentencePiece({{"<0xG1>", 6}}));
  row("endless special token", "special token 0, \"xxx", sentencePiece({{std::string(257, 'x'), 3}}));
  row("endless token", "is 513 bytes long; at most 512", sentencePiece({{std::string(513, 'x')}}));
  row("merge of unknown token", "element 0, \"a ▁\", needs the token \"▁\", which is not in",
      named("llama").texts(tokens_key, ab).texts("tokenizer.ggml.merges", {"a ▁"}));
  row("merge with an empty side", "element 1, \"a \", is no pair",
      named("gpt2").texts(tokens_key, ab).texts("tokenizer.ggml.merges", {"a b", "a "}));
  row("merge that makes no token", "element 0, \"b a\", needs the token \"ba\", which is not in",
      named("gpt2").texts(tokens_key, ab).texts("tokenizer.ggml.merges", {"b a"}));
  for (const char* name : {"bos", "eos", "eot", "eom", "unknown", "fim_pad"}) {
    const std::string key = std::string("tokenizer.ggml.") + name + "_token_id";
    GgufWriter writer = sentencePiece({{"a"}});
    row(name, "is 1, but there are only 1 tokens", writer.u32(key, 1));
  }
  GgufWriter negative = sentencePiece({{"a"}});
  row("negative id", "eos_token_id should be of type u32, but is i32",
      negative.scalar<std::int32_t>("tokenizer.ggml.eos_token_id", 5, -1));
}

void VocabularyTest::refusesBadVocabularies() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, says);
  const std::string content = bytes.toStdString();
  const auto file = test::parse(content);
  QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
  const auto tokenizer = make_tokenizer(*file);
  QVERIFY(!tokenizer);
  QVERIFY2(QString::fromStdString(tokenizer.error().message).contains(says), tokenizer.error().message.c_str());
}

void VocabularyTest::saysWhichRulesItAssumes() {
  const auto kind = [](const char* architecture, const char* rules) {
    GgufWriter writer;
    writer.text("general.architecture", architecture).text("tokenizer.ggml.model", "gpt2");
    writer.texts(tokens_key, {"1", "2", "12"}).texts("tokenizer.ggml.merges", {"1 2"});
    if (*rules != 0) writer.text("tokenizer.ggml.pre", rules);
    const std::string bytes = writer.bytes();
    const auto file = test::parse(bytes);
    const auto info = model_info(*file);
    const auto tokenizer = make_tokenizer(*file);
    return std::pair(info ? QString::fromStdString(info->tokenizer) : QString(),
                     tokenizer ? *(*tokenizer)->encode("12") : Ids{});
  };
  QCOMPARE(kind("qwen2", "").first, QString("gpt2/qwen2 (assumed: the file does not say)"));
  QVERIFY((kind("qwen2", "").second == Ids{0, 1}));  // whose rules keep digits apart
  QCOMPARE(kind("falcon", "").first, QString("gpt2/default (assumed: the file does not say)"));
  QVERIFY((kind("falcon", "").second == Ids{2}));
  QCOMPARE(kind("qwen2", "gpt-2").first, QString("gpt2/gpt-2"));
  QVERIFY((kind("qwen2", "gpt-2").second == Ids{2}));
}

QTEST_GUILESS_MAIN(VocabularyTest)
#include "vocabulary_test.moc"
