#define PCRE2_CODE_UNIT_WIDTH 8
#include "hadal/grammar.h"

#include <pcre2.h>

#include <QElapsedTimer>
#include <QtTest>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/random.h"
#include "support/byte_tokenizer.h"
#include "text/grammar/matcher.h"

using namespace hadal;
using hadal::grammar::Matcher;
using hadal::test::ByteTokenizer;

namespace {

/// PCRE2 as the judge of what matches.
class Judge {
 public:
  explicit Judge(const std::string& pattern) {
    const std::string whole = "\\A(?:" + pattern + ")\\z";
    int error = 0;
    PCRE2_SIZE where = 0;
    code_.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(whole.data()), whole.size(), PCRE2_UTF, &error, &where, nullptr));
    if (!code_) qFatal("PCRE2 does not understand %s", pattern.c_str());
    data_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
  }
  bool matches(const std::string& text) const {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data_.get(),
                       nullptr) >= 0;
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
};

bool bit(std::span<const std::uint64_t> mask, TokenId token) {
  return mask[static_cast<std::size_t>(token) / 64] >> token % 64 & 1;
}

/// An atom as the engine reads it, and as PCRE2 does.
struct Atom {
  std::string ours, theirs;
};

/// A random expression over a few characters, of every construct that is understood.
Atom random_pattern(Random& random, int depth) {
  static const std::vector<Atom> atoms = {{"a", "a"},
                                          {"b", "b"},
                                          {"ä", "ä"},
                                          {"深", "深"},
                                          {".", "[^\\n\\r\\x{2028}\\x{2029}]"},
                                          {"[ab]", "[ab]"},
                                          {"[^a]", "[^a]"},
                                          {"\\d", "\\d"},
                                          {"[a-c深]", "[a-c深]"},
                                          {"\\u6df1", "\\x{6df1}"},
                                          {"\\w", "\\w"},
                                          {"\\.", "\\."},
                                          {"(?:)", "(?:)"},
                                          {"[^\\w]", "[^\\w]"},
                                          {"\\x61", "\\x61"},
                                          {"[b\\-]", "[b\\-]"}};
  static const std::vector<std::string> quantifiers = {"", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "+?", "{0}"};
  Atom out;
  for (std::uint64_t parts = 1 + random.next() % 3; parts > 0; --parts) {
    Atom part = atoms[random.next() % atoms.size()];
    if (depth > 0 && random.next() % 3 == 0) {
      const Atom inner = random_pattern(random, depth - 1);
      part = {"(" + inner.ours + ")", "(" + inner.theirs + ")"};
    }
    const std::string& quantifier = quantifiers[random.next() % quantifiers.size()];
    out.ours += part.ours + quantifier;
    out.theirs += part.theirs + quantifier;
  }
  if (depth > 0 && random.next() % 3 == 0) {
    const Atom other = random_pattern(random, depth - 1);
    out = {out.ours + "|" + other.ours, out.theirs + "|" + other.theirs};
  }
  return out;
}

}  // namespace

class GrammarTest : public QObject {
  Q_OBJECT

  ByteTokenizer bytes_;
  std::shared_ptr<const GrammarCompiler> compiler_;

  /// Schemas with texts of theirs, judged by hand from the standard and from what hadal/grammar.h promises.
  static nlohmann::ordered_json cases() {
    std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/grammar_schemas.json");
    return nlohmann::ordered_json::parse(file);
  }
  std::shared_ptr<const Grammar> regex(const std::string& pattern) {
    auto made = compiler_->regex(pattern);
    if (!made) qFatal("%s", made.error().message.c_str());
    return *made;
  }
  std::shared_ptr<const Grammar> schema(const std::string& text) {
    auto made = compiler_->json_schema(text);
    if (!made) qFatal("%s: %s", text.c_str(), made.error().message.c_str());
    return *made;
  }
  /// Byte by byte, each of which must be in the mask if and only if it can be read.
  static bool takes(const Grammar& grammar, const std::string& text) {
    Matcher matcher(grammar.program());
    for (const char c : text) {
      const TokenId token = static_cast<unsigned char>(c);
      const bool allowed = bit(matcher.allowed(), token);
      if (matcher.accept(token) != allowed) qFatal("the mask and the reading of %s differ", text.c_str());
      if (!allowed) return false;
    }
    return matcher.complete();
  }
  std::string finished(Matcher& matcher) const {
    std::string out;
    for (std::size_t left = matcher.shortest(); left > 0 && !matcher.complete(); --left) {
      const auto mask = matcher.steered(left - 1);
      TokenId token = 0;
      while (token < bytes_.vocabulary_size() && !bit(mask, token)) ++token;
      if (!matcher.accept(token)) return "nothing fits";
      out += bytes_.piece(token, false);
    }
    return matcher.complete() ? out : "no end";
  }

 private slots:
  void initTestCase() {
    auto made = GrammarCompiler::create(bytes_);
    QVERIFY(bool(made));
    compiler_ = *made;
  }

  void regexes_match_what_pcre2_matches() {
    Random random(5);
    const std::vector<std::string> letters = {"a", "b", "c", "ä", "深", "1", ".", "-", "\n"};
    int matched = 0;
    for (int round = 0; round < 400; ++round) {
      const Atom pattern = random_pattern(random, 2);
      const auto grammar = regex(pattern.ours);
      const Judge judge(pattern.theirs);
      for (int i = 0; i < 40; ++i) {
        std::string text;
        for (std::uint64_t n = random.next() % 7; n > 0; --n) text += letters[random.next() % letters.size()];
        const bool expected = judge.matches(text);
        QVERIFY2(takes(*grammar, text) == expected, (pattern.ours + " on " + text).c_str());
        matched += expected;
        // Wherever a text can be begun, it can be ended.
        Matcher matcher(grammar->program());
        std::string prefix;
        for (const char c : text) {
          if (!matcher.accept(static_cast<unsigned char>(c))) break;
          prefix += c;
        }
        const std::string whole = prefix + finished(matcher);
        QVERIFY2(judge.matches(whole), (pattern.ours + " was completed to " + whole).c_str());
      }
    }
    QVERIFY(matched > 1000);
  }

  void regexes_that_cannot_be_kept_to_are_refused_data() {
    QTest::addColumn<std::string>("pattern");
    QTest::addColumn<std::string>("says");
    const auto row = [](const char* name, const std::string& pattern, const std::string& says) {
      QTest::newRow(name) << pattern << says;
    };
    row("look-ahead", "a(?=b)", "look-ahead");
    row("negative look-ahead", "a(?!b)", "look-ahead");
    row("look-behind", "(?<=a)b", "look-behind");
    row("back-reference", "(a)\\1", "back-reference");
    row("named back-reference", "(?<x>a)\\k<x>", "back-reference");
    row("word boundary", "\\bword", "word boundary");
    row("property", "\\p{L}+", "Unicode property");
    row("inline flag", "(?i)a", "group of a kind");
    row("no end", "(a", "lacks a )");
    row("no beginning", "a)", "closes nothing");
    row("class without end", "[a", "lacks a ]");
    row("nothing to repeat", "*a", "repeats nothing");
    row("repeated twice", "a**", "cannot be repeated");
    row("wrong count", "a{3,2}", "end is before");
    row("huge count", "a{99999}", "more than 10000");
    row("nested counts", "((a{1000}){1000}){1000}", "too many different states");
    row("exponential", "(a|b)*a(a|b){40}", "too many different states");
    row("deep", std::string(5000, '(') + "a" + std::string(5000, ')'), "nested deeper");
    row("long", std::string(20'000, 'a'), "longer than");
    row("backwards range", "[b-a]", "range");
    row("lone backslash", "a\\", "ends in a");
    row("no UTF-8", "a\xff", "no UTF-8");
    row("impossible", "[^\\s\\S]", "No text");
  }
  void regexes_that_cannot_be_kept_to_are_refused() {
    QFETCH(std::string, pattern);
    QFETCH(std::string, says);
    QElapsedTimer timer;
    timer.start();
    const auto made = compiler_->regex(pattern);
    QVERIFY(!made);
    QVERIFY2(made.error().message.find(says) != std::string::npos, made.error().message.c_str());
    QVERIFY(made.error().message.ends_with('.'));
    QVERIFY2(timer.elapsed() < 10'000, qPrintable(QString::number(timer.elapsed())));
  }

  void schemas_take_and_refuse_data() {
    QTest::addColumn<std::string>("schema");
    QTest::addColumn<std::vector<std::string>>("good");
    QTest::addColumn<std::vector<std::string>>("bad");
    const auto all = cases();
    for (const auto& entry : all["taken"]) {
      QTest::newRow(entry["name"].get<std::string>().c_str())
          << entry["schema"].get<std::string>() << entry["good"].get<std::vector<std::string>>()
          << entry["bad"].get<std::vector<std::string>>();
    }
  }
  void schemas_take_and_refuse() {
    QFETCH(std::string, schema);
    QFETCH(std::vector<std::string>, good);
    QFETCH(std::vector<std::string>, bad);
    const auto grammar = this->schema(schema);
    for (const auto& text : good) QVERIFY2(takes(*grammar, text), text.c_str());
    for (const auto& text : bad) QVERIFY2(!takes(*grammar, text), text.c_str());
  }

  void counts_of_nothing_cost_nothing() { QVERIFY(takes(*regex("((((){9999}){9999}){9999}){0,9999}a"), "a")); }

  void strings_are_utf8() {
    QVERIFY(!takes(*schema("{\"type\":\"string\"}"), "\"\xff\""));
    QVERIFY(!takes(*schema("{\"type\":\"string\"}"), "\"\xed\xa0\x80\""));
    QVERIFY(!takes(*regex(".*"), "\xc0\x80"));
  }

  void schemas_that_cannot_be_kept_to_are_refused_data() {
    QTest::addColumn<std::string>("schema");
    QTest::addColumn<std::vector<std::string>>("says");
    const auto row = [](const char* name, const std::string& schema, const std::vector<std::string>& says) {
      QTest::newRow(name) << schema << says;
    };
    const auto all = cases();
    for (const auto& entry : all["refused"]) {
      row(entry["name"].get<std::string>().c_str(), entry["schema"], entry["says"]);
    }
    row("deep", std::string(300, '[') + std::string(300, ']'), {"nested deeper"});
    std::string nested = "true";
    for (int i = 0; i < 200; ++i) nested = "{\"items\":" + nested + "}";
    row("deep schema", nested, {"nested deeper"});
    std::string doubling = "{\"$defs\":{\"a0\":{\"type\":\"integer\"}";
    for (int i = 1; i < 40; ++i) {
      const std::string before = "{\"$ref\":\"#/$defs/a" + std::to_string(i - 1) + "\"}";
      doubling += ",\"a" + std::to_string(i) + "\":{\"anyOf\":[" + before + "," + before + "]}";
    }
    row("exponential", doubling + "},\"$ref\":\"#/$defs/a39\"}", {"alternatives"});
    std::string product = "{\"allOf\":[";
    for (int i = 0; i < 12; ++i) {
      product += std::string(i ? "," : "") + "{\"anyOf\":[{\"minimum\":" + std::to_string(i) + "},{\"maximum\":9}]}";
    }
    row("product", product + "]}", {"alternatives"});
    row("large", "{\"enum\":[\"" + std::string(2 << 20, 'x') + "\"]}", {"1 MiB"});
  }
  void schemas_that_cannot_be_kept_to_are_refused() {
    QFETCH(std::string, schema);
    QFETCH(std::vector<std::string>, says);
    QElapsedTimer timer;
    timer.start();
    const auto made = compiler_->json_schema(schema);
    QVERIFY(!made);
    for (const auto& word : says) {
      QVERIFY2(made.error().message.find(word) != std::string::npos, made.error().message.c_str());
    }
    QVERIFY(made.error().message.ends_with('.'));
    QVERIFY2(timer.elapsed() < 5'000, qPrintable(QString::number(timer.elapsed())));
  }

  void damaged_schemas_end_in_a_sentence_or_a_grammar() {
    const std::string whole = cases()["damaged"].dump();
    Random random(3);
    QElapsedTimer timer;
    int understood = 0;
    for (int i = 0; i < 3000; ++i) {
      std::string text = whole;
      for (std::uint64_t n = 1 + random.next() % 2; n > 0; --n) {
        const std::size_t at = random.next() % text.size();
        switch (random.next() % 4) {
          case 0:
            text[at] = static_cast<char>(random.next());
            break;
          case 1:
            text.erase(at, 1 + random.next() % 9);
            break;
          case 2:
            text.insert(at, text.substr(random.next() % text.size(), random.next() % 20));
            break;
          default:
            text[at] = std::string_view("{}[]\",:0123456789$#^*+\\")[random.next() % 23];
            break;
        }
      }
      timer.start();
      const auto made = compiler_->json_schema(text);
      if (made) {
        Matcher matcher((*made)->program());
        const std::string answer = finished(matcher);
        QVERIFY2(takes(**made, answer), (text + "\n" + answer).c_str());
        ++understood;
      } else {
        QVERIFY2(made.error().message.ends_with('.'), made.error().message.c_str());
      }
      QVERIFY2(timer.elapsed() < 5'000, text.c_str());
    }
    QVERIFY2(understood > 30, qPrintable(QString::number(understood)));
  }

  void end_tokens_come_where_the_text_is_complete() {
    Matcher matcher(regex("ab?")->program());
    QVERIFY(!bit(matcher.allowed(), bytes_.end()) && !matcher.complete());
    QVERIFY(!matcher.accept('b'));
    QVERIFY(matcher.accept('a'));
    QVERIFY(bit(matcher.allowed(), bytes_.end()) && bit(matcher.allowed(), 'b'));
    QVERIFY(matcher.complete() && !matcher.over());
    QVERIFY(matcher.accept('b'));
    QVERIFY(matcher.over() && bit(matcher.allowed(), bytes_.end()) && !bit(matcher.allowed(), 'b'));
    QVERIFY(!matcher.accept('b') && !matcher.accept(bytes_.end()) && !matcher.accept(-1) && !matcher.accept(99999));
  }
};

QTEST_GUILESS_MAIN(GrammarTest)
#include "grammar_test.moc"
