#include <QtTest>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/gguf.h"
#include "support/gguf_writer.h"
#include "support/small_vocabularies.h"
#include "text/canonical_composition.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer_factory.h"

using namespace hadal;
using hadal::test::GgufWriter;
using hadal::test::small_vocabulary;
using Ids = std::vector<TokenId>;

class TokenizerTest : public QObject {
  Q_OBJECT
 private slots:
  void agreesWithReference_data();
  void agreesWithReference();
  void decodesWhatItEncoded();
  void piecesAgreeWithReference_data();
  void piecesAgreeWithReference();
  void agreesWithReferenceOnSmallVocabularies_data();
  void agreesWithReferenceOnSmallVocabularies();
  void composesCharacters();
  void agreesWithPublishedVocabularies_data();
  void agreesWithPublishedVocabularies();
  void knowsItsSpecialTokens();
  void addsTheFirstToken();
  void longestSpecialTokenWins();
  void refusesPartsThatAreNoText();
  void longAndShortPiecesMergeAlike();
  void takesTimeLinearInTheText_data();
  void takesTimeLinearInTheText();
  void loadsFast();
  void refusesBadFiles_data();
  void refusesBadFiles();
  void streamsWholeCharacters_data();
  void streamsWholeCharacters();
};

namespace {

std::string dataFile(const char* name) {
  return qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/" + name;
}

nlohmann::json readJson(const char* name) {
  std::ifstream file(dataFile(name));
  return nlohmann::json::parse(file);
}

/// Null where the starter model is not there.
std::unique_ptr<Tokenizer> starter() {
  const auto file = open_gguf(qEnvironmentVariable("HADAL_TEST_MODEL").toStdString());
  if (!file) return nullptr;
  auto tokenizer = make_tokenizer(*file);
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

#define NEEDS_STARTER(tokenizer)                                                                         \
  if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL"))) QSKIP("the starter model is not there"); \
  const std::unique_ptr<Tokenizer> tokenizer = starter();                                                \
  QVERIFY(tokenizer != nullptr)

std::string bytesOf(const nlohmann::json& test) {
  return QByteArray::fromHex(QByteArray::fromStdString(test["bytes"])).toStdString();
}

std::string print(const Ids& ids) {
  std::string out;
  for (const TokenId id : ids) out += std::to_string(id) + ' ';
  return out;
}

/// A vocabulary of the letters a, b, c, the merges ab, abc, bc and aa, aaaa, and a few special tokens.
GgufWriter tiny() {
  GgufWriter writer;
  writer.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  writer.texts("tokenizer.ggml.tokens",
               {"<s>", "</s>", "<s>x", "USER", "a", "b", "c", "ab", "bc", "abc", "aa", "aaaa"});
  writer.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, {3, 3, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1});
  writer.texts("tokenizer.ggml.merges", {"a b", "b c", "ab c", "a a", "aa aa"});
  return writer;
}

std::unique_ptr<Tokenizer> make(const GgufWriter& writer) {
  const std::string bytes = writer.bytes();
  const auto file = test::parse(bytes);
  if (!file) return nullptr;
  auto tokenizer = make_tokenizer(*file);
  return tokenizer ? std::move(*tokenizer) : nullptr;
}

}  // namespace

void TokenizerTest::agreesWithReference_data() {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : readJson("tokenizer_smollm2.json")) {
    QTest::newRow(test["name"].get<std::string>().c_str()) << index++;
  }
}

void TokenizerTest::agreesWithReference() {
  QFETCH(int, index);
  NEEDS_STARTER(tokenizer);
  const auto test = readJson("tokenizer_smollm2.json").at(static_cast<std::size_t>(index));
  if (test.contains("invalid_at")) {
    const auto refused = tokenizer->encode(bytesOf(test));
    QVERIFY(!refused);
    const std::string place = "offset " + test["invalid_at"].dump() + " ";
    QVERIFY2(refused.error().message.find(place) != std::string::npos, refused.error().message.c_str());
    return;
  }
  const Ids ids = *tokenizer->encode(bytesOf(test));
  QVERIFY2(ids == test["ids"].get<Ids>(), print(ids).c_str());
  const Ids plain = *tokenizer->encode(bytesOf(test), {.parse_special = false});
  QVERIFY2(plain == test["plain_ids"].get<Ids>(), print(plain).c_str());
}

void TokenizerTest::decodesWhatItEncoded() {
  NEEDS_STARTER(tokenizer);
  for (const auto& test : readJson("tokenizer_smollm2.json")) {
    if (test.contains("invalid_at")) continue;
    std::string text = bytesOf(test), pieces;
    const Ids ids = *tokenizer->encode(text);
    for (const TokenId id : ids) pieces += tokenizer->piece(id, true);
    // The starter model's vocabulary has no token for these bytes.
    std::erase_if(text, [](char c) {
      return std::string_view("\x04\x06\x13\x14\x16\x1d\xf1\xf2").find(c) != std::string_view::npos;
    });
    QCOMPARE(QByteArray::fromStdString(pieces), QByteArray::fromStdString(text));
  }
  QCOMPARE(QString::fromStdString(tokenizer->decode(Ids{2, 28120, 2})), QString("hello"));
  QCOMPARE(QString::fromStdString(tokenizer->decode(Ids{2, 28120, 2}, true)), QString("<|im_end|>hello<|im_end|>"));
  QCOMPARE(QString::fromStdString(tokenizer->decode(Ids{-1, 49152, INT32_MAX, 28120})), QString("hello"));
}

void TokenizerTest::piecesAgreeWithReference_data() {
  QTest::addColumn<int>("index");
  int index = 0;
  for (const auto& test : readJson("pre_tokenizer.json")) {
    QTest::newRow(test["name"].get<std::string>().c_str()) << index++;
  }
}

void TokenizerTest::piecesAgreeWithReference() {
  QFETCH(int, index);
  const auto test = readJson("pre_tokenizer.json").at(static_cast<std::size_t>(index));
  const auto pre_tokenizer = PreTokenizer::create(test["name"].get<std::string>());
  QVERIFY2(bool(pre_tokenizer), pre_tokenizer ? "" : pre_tokenizer.error().message.c_str());
  QVERIFY(test["pieces"].size() > 100);
  for (const auto& expected : test["pieces"]) {
    const std::vector<std::string> pieces = expected;
    std::string text;
    for (const auto& piece : pieces) text += piece;
    const auto actual = (*pre_tokenizer)->split(text);
    QVERIFY2(std::ranges::equal(actual, pieces), nlohmann::json({text, actual, pieces}).dump(1).c_str());
  }
}

void TokenizerTest::agreesWithReferenceOnSmallVocabularies_data() {
  QTest::addColumn<QString>("kind");
  const auto small = readJson("tokenizer_small.json");
  for (const auto& [kind, ids] : small["byte_level"]["ids"].items()) QTest::newRow(kind.c_str()) << kind.c_str();
  QTest::newRow("scores") << "scores";
  QTest::newRow("merges") << "merges";
}

void TokenizerTest::agreesWithReferenceOnSmallVocabularies() {
  QFETCH(QString, kind);
  const auto small = readJson("tokenizer_small.json");
  const bool sentence_piece = kind == "scores" || kind == "merges";
  const auto& data = small[sentence_piece ? "sentence_piece" : "byte_level"];
  const auto tokenizer = make(small_vocabulary(small, kind.toStdString()));
  QVERIFY(tokenizer != nullptr);
  const auto& expected = kind == "scores"   ? data["score_ids"]
                         : kind == "merges" ? data["merge_ids"]
                                            : data["ids"][kind.toStdString()];
  QVERIFY(expected.size() > 200 && expected.size() == small["lines"].size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Ids ids = *tokenizer->encode(small["lines"][i].get<std::string>(), {.add_special = false});
    QVERIFY2(ids == expected[i].get<Ids>(), (small["lines"][i].dump() + ": " + print(ids)).c_str());
  }
}

void TokenizerTest::composesCharacters() {
  const CanonicalComposition composition;
  const auto pairs = readJson("composition.json");
  QVERIFY(pairs.size() > 400);
  std::string all, composed;
  for (const auto& pair : pairs) {
    const std::string text = pair[0], expected = pair[1];
    QCOMPARE(QByteArray::fromStdString(composition.apply(text)), QByteArray::fromStdString(expected));
    all += text + '\n';  // which nothing joins
    composed += expected + '\n';
  }
  QVERIFY(composition.apply(all) == composed);
  QVERIFY(composition.apply("e\xCC\x81"
                            "e\xFF\xCC\x81\xCC") ==
          "\xC3\xA9"
          "e\xFF\xCC\x81\xCC");
}

void TokenizerTest::agreesWithPublishedVocabularies_data() {
  QTest::addColumn<QString>("name");
  for (const char* name : {"gpt-2", "deepseek-llm", "deepseek-coder", "starcoder", "llama-spm"})
    QTest::newRow(name) << name;
}

// Texts in NAME.gguf.inp, separated by a marker line; a line of ids for each in NAME.gguf.out.
void TokenizerTest::agreesWithPublishedVocabularies() {
  QFETCH(QString, name);
  const QString folder = qEnvironmentVariable("HADAL_SHARED_DATA");
  if (folder.isEmpty()) QSKIP("HADAL_SHARED_DATA is not set");
  const std::string base = (folder + "/vocab/ggml-vocab-" + name + ".gguf").toStdString();
  const auto file = open_gguf(base);
  QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
  const auto tokenizer = make_tokenizer(*file);
  QVERIFY2(bool(tokenizer), tokenizer ? "" : tokenizer.error().message.c_str());

  std::stringstream input;
  input << std::ifstream(base + ".inp", std::ios::binary).rdbuf();
  const QString texts = QString::fromStdString(input.str());
  std::ifstream output(base + ".out");
  int compared = 0;
  for (const QString& text : texts.split("\n__ggml_vocab_test__\n")) {
    std::string line;
    if (!std::getline(output, line)) break;
    std::stringstream numbers(line);
    const Ids expected{std::istream_iterator<TokenId>(numbers), {}};
    const Ids actual = *(*tokenizer)->encode(text.toStdString(), {.add_special = false, .parse_special = false});
    QVERIFY2(actual == expected, (text.toStdString() + ": " + print(actual) + "instead of " + print(expected)).c_str());
    ++compared;
  }
  QVERIFY2(compared > 30, qPrintable(QString::number(compared)));
}

void TokenizerTest::knowsItsSpecialTokens() {
  NEEDS_STARTER(tokenizer);
  QCOMPARE(tokenizer->vocabulary_size(), 49152);
  QCOMPARE(tokenizer->bos(), 1);
  QCOMPARE(tokenizer->eos(), 2);
  for (const TokenId id : {0, 2}) QVERIFY(tokenizer->is_end(id));  // <|endoftext|>, <|im_end|>
  for (const TokenId id : {-1, 1, 3, 100, 49152}) QVERIFY(!tokenizer->is_end(id));
  for (const TokenId id : {0, 1, 16}) QVERIFY(tokenizer->is_control(id));
  for (const TokenId id : {-1, 17, 49152}) QVERIFY(!tokenizer->is_control(id));
  QVERIFY(tokenizer->piece(1).empty());
  QVERIFY(tokenizer->piece(1, true) == "<|im_start|>");
}

void TokenizerTest::addsTheFirstToken() {
  GgufWriter writer = tiny();
  writer.u32("tokenizer.ggml.bos_token_id", 0).boolean("tokenizer.ggml.add_bos_token", true);
  const auto adding = make(writer);
  QVERIFY(adding != nullptr);
  QVERIFY((*adding->encode("a") == Ids{0, 4}));
  QVERIFY((*adding->encode("a", {.add_special = false}) == Ids{4}));
  QVERIFY((*adding->encode("") == Ids{0}));
  writer = tiny();
  writer.u32("tokenizer.ggml.bos_token_id", 0).u32("tokenizer.ggml.eot_token_id", 3);
  const auto silent = make(writer);
  QVERIFY(silent != nullptr);
  QVERIFY((*silent->encode("a") == Ids{4}));
  QVERIFY(silent->is_end(1));  // by its spelling, </s>
  QVERIFY(silent->is_end(3));  // by its key
  QVERIFY(!silent->is_end(0));
}

void TokenizerTest::longestSpecialTokenWins() {
  const auto tokenizer = make(tiny());
  QVERIFY(tokenizer != nullptr);
  QVERIFY((*tokenizer->encode("<s>x<s>a</s>") == Ids{2, 0, 4, 1}));
  // User-defined tokens are text of the model's own, found either way; control tokens only where asked for.
  QVERIFY((*tokenizer->encode("aUSERb", {.parse_special = false}) == Ids{4, 3, 5}));
  QVERIFY((*tokenizer->encode("<s>a", {.parse_special = false}) == Ids{4}));  // no tokens for <, s and >
  QVERIFY((*tokenizer->encode("abcab") == Ids{9, 7}));
}

void TokenizerTest::refusesPartsThatAreNoText() {
  const auto tokenizer = make(tiny());
  QVERIFY(tokenizer != nullptr);
  QVERIFY((*tokenizer->encode(std::vector<TextPart>{{"a", false}, {"b", true}}) == Ids{7}));
  const auto refused = tokenizer->encode(std::vector<TextPart>{{"a", false}, {"bc\xff", true}});
  QVERIFY(!refused);
  QCOMPARE(QString::fromStdString(refused.error().message),
           QString("Part 2 of the text is not valid UTF-8: the byte 0xFF at byte offset 2 belongs to no character."));
}

// Short pieces are merged by scanning, long ones with a heap: the same rules.
void TokenizerTest::longAndShortPiecesMergeAlike() {
  const auto tokenizer = make(tiny());
  QVERIFY(tokenizer != nullptr);
  QRandomGenerator random(20240117);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    const int length = random.bounded(1, 120);
    for (int i = 0; i < length; ++i) text += static_cast<char>('a' + random.bounded(3));
    // By definition: for each rank in turn merging all of its pairs from the left is the same here, because no merge
    // makes a pair of lower rank than its own possible.
    Ids expected;
    for (const char c : text) expected.push_back(4 + (c - 'a'));
    const TokenId rules[][3] = {{4, 5, 7}, {5, 6, 8}, {7, 6, 9}, {4, 4, 10}, {10, 10, 11}};
    for (const auto& [left, right, merged] : rules) {
      Ids next;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const bool pair = i + 1 < expected.size() && expected[i] == left && expected[i + 1] == right;
        next.push_back(pair ? merged : expected[i]);
        i += pair;
      }
      expected = next;
    }
    const Ids actual = *tokenizer->encode(text);
    QVERIFY2(actual == expected, (text + ": " + print(actual) + "instead of " + print(expected)).c_str());
  }
}

void TokenizerTest::takesTimeLinearInTheText_data() {
  QTest::addColumn<QString>("unit");
  QTest::newRow("one letter") << "a";
  QTest::newRow("spaces") << " ";
  QTest::newRow("space and tab") << " \t";
  QTest::newRow("newlines") << "\n";
  QTest::newRow("words without spaces") << "thequickbrownfox";
  QTest::newRow("Chinese") << "深渊带是海洋最深的部分";
  QTest::newRow("English") << "The quick brown fox jumps over the lazy dog; it doesn't care. ";
  QTest::newRow("almost special") << "<|im_";
  QTest::newRow("emoji") << "😀";
  QTest::newRow("marks") << "e\u0301\u0327";
}

void TokenizerTest::takesTimeLinearInTheText() {
  QFETCH(QString, unit);
  NEEDS_STARTER(tokenizer);
  std::string text;
  while (text.size() < 1'000'000) text += unit.toStdString();
  // Processor time: what else the machine does shall not matter.
  const std::clock_t start = std::clock();
  const Ids ids = *tokenizer->encode(text + "x");
  const auto milliseconds = (std::clock() - start) * 1000 / CLOCKS_PER_SEC;
  QVERIFY(!ids.empty());
  qInfo() << "1 MB in" << milliseconds << "ms," << ids.size() << "tokens";
#ifdef __SANITIZE_ADDRESS__
  const int limit = 20'000;
#else
  const int limit = 2'000;
#endif
  QVERIFY2(milliseconds < limit, qPrintable(QString::number(milliseconds)));
}

void TokenizerTest::loadsFast() {
  if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL"))) QSKIP("the starter model is not there");
  const auto file = open_gguf(qEnvironmentVariable("HADAL_TEST_MODEL").toStdString());
  QVERIFY(bool(file));
  QBENCHMARK {
    QVERIFY(bool(make_tokenizer(*file)));
  }
}

void TokenizerTest::refusesBadFiles_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("says");
  const std::vector<std::string> tokens = {"a", "b", "ab"};
  const auto row = [&](const char* name, const char* says, auto&& spoil, bool with_merges = true) {
    GgufWriter writer;
    writer.text("tokenizer.ggml.pre", "gpt-2");
    if (with_merges) writer.texts("tokenizer.ggml.merges", {"a b"});
    spoil(writer);
    QTest::newRow(name) << QByteArray::fromStdString(writer.bytes()) << QString(says);
  };
  const auto good = [&](GgufWriter& w) -> GgufWriter& {
    return w.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", tokens);
  };
  row("no tokenizer", "has no tokenizer.ggml.model", [](GgufWriter&) {});
  row("model of another type", "tokenizer.ggml.model should be of type string, but is u32",
      [](GgufWriter& w) { w.u32("tokenizer.ggml.model", 1); });
  row("unknown model", "tokenizer.ggml.model names the kind \"bert\"",
      [](GgufWriter& w) { w.text("tokenizer.ggml.model", "bert"); });
  row("no tokens", "has no tokenizer.ggml.tokens", [](GgufWriter& w) { w.text("tokenizer.ggml.model", "gpt2"); });
  row("empty tokens", "tokenizer.ggml.tokens has 0 tokens",
      [](GgufWriter& w) { w.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", {}); });
  row("tokens as numbers", "should be of type array of string, but is array of f32", [](GgufWriter& w) {
    w.text("tokenizer.ggml.model", "gpt2").numbers<float>("tokenizer.ggml.tokens", 6, {1, 2});
  });
  row("types too few", "token_type has 2 elements for 3 tokens", [&](GgufWriter& w) {
    good(w).numbers<std::int32_t>("tokenizer.ggml.token_type", 5, {1, 1});
  });
  row("types as bytes", "token_type should be of type array of i32, but is array of u8", [&](GgufWriter& w) {
    good(w).numbers<std::uint8_t>("tokenizer.ggml.token_type", 0, {1, 1, 1});
  });
  row("type 99", "says 99 for token 1", [&](GgufWriter& w) {
    good(w).numbers<std::int32_t>("tokenizer.ggml.token_type", 5, {1, 99, 1});
  });
  row("type -1", "says -1 for token 0", [&](GgufWriter& w) {
    good(w).numbers<std::int32_t>("tokenizer.ggml.token_type", 5, {-1, 1, 1});
  });
  row(
      "no merges", "has no tokenizer.ggml.merges", [&](GgufWriter& w) { good(w); }, false);
  row(
      "merge without space", "element 1, \"ab\", is no pair",
      [&](GgufWriter& w) {
        good(w).texts("tokenizer.ggml.merges", {"a b", "ab"});
      },
      false);
  row(
      "empty merge", "element 0, \"\", is no pair",
      [&](GgufWriter& w) { good(w).texts("tokenizer.ggml.merges", {""}); }, false);
  row(
      "merge of unknown token", "element 0, \"a c\", needs the token \"c\", which is not in",
      [&](GgufWriter& w) { good(w).texts("tokenizer.ggml.merges", {"a c"}); }, false);
  row("bos outside", "bos_token_id is 3, but there are only 3 tokens",
      [&](GgufWriter& w) { good(w).u32("tokenizer.ggml.bos_token_id", 3); });
  row("eos outside", "eos_token_id is 4294967295",
      [&](GgufWriter& w) { good(w).u32("tokenizer.ggml.eos_token_id", UINT32_MAX); });
  row("eos as text", "eos_token_id should be of type u32, but is string",
      [&](GgufWriter& w) { good(w).text("tokenizer.ggml.eos_token_id", "a"); });
  row("add_bos as number", "add_bos_token should be of type bool, but is u32",
      [&](GgufWriter& w) { good(w).u32("tokenizer.ggml.add_bos_token", 1); });
  GgufWriter unknown;
  unknown.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "viking\n")
      .texts("tokenizer.ggml.tokens", tokens);
  QTest::newRow("unknown rules") << QByteArray::fromStdString(unknown.bytes())
                                 << "is split by the rules \"viking?\", which this version of Hadal does not know";
}

void TokenizerTest::refusesBadFiles() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, says);
  const std::string content = bytes.toStdString();
  const auto file = test::parse(content);
  QVERIFY2(bool(file), file ? "" : file.error().message.c_str());
  const auto tokenizer = make_tokenizer(*file);
  QVERIFY(!tokenizer);
  QVERIFY2(QString::fromStdString(tokenizer.error().message).contains(says), tokenizer.error().message.c_str());
}

void TokenizerTest::streamsWholeCharacters_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("text");
  const QString bad(QChar(0xFFFD));
  QTest::newRow("plain") << QByteArray("a中😀é") << "a中😀é";
  QTest::newRow("lone continuation") << QByteArray(
                                            "a\x80"
                                            "b")
                                     << "a" + bad + "b";
  QTest::newRow("cut at the end") << QByteArray("a\xF0\x9F\x98") << "a" + bad;
  QTest::newRow("cut in the middle") << QByteArray(
                                            "a\xF0\x9F\x98"
                                            "b")
                                     << "a" + bad + "b";
  QTest::newRow("cut by another") << QByteArray("\xE4\xB8\xE4\xB8\xAD") << bad + "中";
  QTest::newRow("overlong") << QByteArray("\xC0\xAF") << bad + bad;
  QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << bad + bad + bad;
  QTest::newRow("beyond") << QByteArray("\xF4\x90\x80\x80") << bad + bad + bad + bad;
  QTest::newRow("never a byte") << QByteArray("\xFF\xFEx") << bad + bad + "x";
}

void TokenizerTest::streamsWholeCharacters() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, text);
  for (int step = 1; step <= bytes.size(); ++step) {
    Utf8Stream stream;
    std::string out;
    for (int at = 0; at < bytes.size(); at += step) {
      const std::string part = stream.push(bytes.mid(at, step).toStdString());
      QVERIFY(QString::fromStdString(part).toStdString() == part);
      out += part;
    }
    out += stream.finish();
    QCOMPARE(QString::fromStdString(out), text);
    QVERIFY(stream.finish().empty());
  }
}

QTEST_GUILESS_MAIN(TokenizerTest)
#include "tokenizer_test.moc"
