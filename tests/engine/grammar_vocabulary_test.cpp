#include <time.h>

#include <QtTest>
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "hadal/engine.h"
#include "hadal/grammar.h"
#include "runtime/random.h"
#include "support/byte_tokenizer.h"
#include "support/json_validator.h"
#include "text/grammar/matcher.h"

using namespace hadal;
using hadal::grammar::Matcher;
using hadal::test::ByteTokenizer;
using hadal::test::JsonValidator;
using Json = nlohmann::ordered_json;

namespace {

bool bit(std::span<const std::uint64_t> mask, TokenId token) {
  return mask[static_cast<std::size_t>(token) / 64] >> token % 64 & 1;
}

/// One of the tokens of a mask, or -1.
TokenId any_of(std::span<const std::uint64_t> mask, Random& random) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < mask.size() * 64; ++i) {
    if (bit(mask, static_cast<TokenId>(i))) tokens.push_back(static_cast<TokenId>(i));
  }
  return tokens.empty() ? -1 : tokens[random.next() % tokens.size()];
}

std::vector<Json> schemas() {
  std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/json_schemas.json");
  return Json::parse(file).get<std::vector<Json>>();
}

Json speed_schemas() {
  std::ifstream file(qEnvironmentVariable("HADAL_SOURCE_DIR").toStdString() + "/tests/data/grammar_schemas.json");
  return Json::parse(file)["speed"];
}

std::string judged(const Json& schema, const std::string& text) {
  const nlohmann::json rules = nlohmann::json::parse(schema.dump()),
                       value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) return "no JSON: " + text;
  return JsonValidator(rules).valid(value) ? "" : "not valid: " + text + " by " + schema.dump();
}

}  // namespace

/// Grammars over the starter model's vocabulary, and the answers that come of them.
class GrammarVocabularyTest : public QObject {
  Q_OBJECT

  std::shared_ptr<const Model> model_;
  std::shared_ptr<const GrammarCompiler> compiler_;

  std::shared_ptr<const Grammar> schema(const std::string& text) {
    auto made = compiler_->json_schema(text);
    if (!made) qFatal("%s: %s", text.c_str(), made.error().message.c_str());
    return *made;
  }

 private slots:
  void initTestCase() {
    auto loaded = Model::load(qEnvironmentVariable("HADAL_TEST_MODEL").toStdString());
    QVERIFY2(bool(loaded), loaded ? "" : loaded.error().message.c_str());
    model_ = *loaded;
    auto made = GrammarCompiler::create(model_->tokenizer());
    QVERIFY(bool(made));
    compiler_ = *made;
  }

  void masks_hold_exactly_the_tokens_that_can_be_read() {
    const Tokenizer& tokenizer = model_->tokenizer();
    Random random(8);
    const auto all = schemas();
    for (std::size_t s = 0; s < all.size(); s += 5) {
      const auto grammar = schema(all[s].dump());
      std::vector<TokenId> taken;
      Matcher matcher(grammar->program());
      for (int step = 0; step < 12 && !matcher.over(); ++step) {
        const auto mask = matcher.allowed();
        const std::vector<std::uint64_t> kept(mask.begin(), mask.end());
        // A mask against reading every token is slow: some positions, all tokens.
        if (step % 4 == 1) {
          for (TokenId id = 0; id < tokenizer.vocabulary_size(); ++id) {
            if (tokenizer.is_end(id)) {
              QCOMPARE(bit(kept, id), matcher.complete());
              continue;
            }
            Matcher copy(grammar->program());
            for (const TokenId before : taken) copy.accept(before);
            // Most tokens fail at their first byte; a fresh matcher for each would take minutes.
            if (!bit(kept, id)) {
              QVERIFY2(!matcher.accept(id), tokenizer.piece(id).c_str());
            } else if (random.next() % 64 == 0) {
              QVERIFY2(copy.accept(id), tokenizer.piece(id).c_str());
            }
          }
        }
        const TokenId token = any_of(kept, random);
        QVERIFY(token >= 0);
        if (tokenizer.is_end(token)) break;
        QVERIFY(matcher.accept(token));
        taken.push_back(token);
      }
    }
  }

  // Tokens drawn blindly from the masks, without a model: the worst writer there is.
  void random_answers_are_valid_within_any_limit() {
    const Tokenizer& tokenizer = model_->tokenizer();
    Random random(21);
    for (const Json& rules : schemas()) {
      const auto grammar = schema(rules.dump());
      for (int round = 0; round < 6; ++round) {
        Matcher matcher(grammar->program());
        std::size_t left = matcher.shortest() + static_cast<std::size_t>(round * round * 3);
        std::string text;
        for (; left > 0 && !matcher.over(); --left) {
          TokenId token = any_of(matcher.allowed(), random);
          QVERIFY(token >= 0);
          if (!matcher.fits(token, left - 1)) {
            token = any_of(matcher.steered(left - 1), random);
            QVERIFY2(token >= 0, text.c_str());
            QVERIFY2(matcher.fits(token, left - 1), text.c_str());
          }
          if (tokenizer.is_end(token)) break;
          QVERIFY(matcher.accept(token));
          text += tokenizer.piece(token);
        }
        QVERIFY2(matcher.complete(), text.c_str());
        const std::string verdict = judged(rules, text);
        QVERIFY2(verdict.empty(), verdict.c_str());
      }
    }
  }

  // All 500 of tests/reference/json_schemas.py take minutes; these are its first 40.
  void answers_of_the_model_are_valid() {
    const auto all = schemas();
    auto engine = Engine::create(model_, {.context_length = 1024, .max_requests = 8});
    QVERIFY(bool(engine));
    std::map<RequestId, std::size_t> asked;
    std::vector<std::string> texts(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      Request request;
      request.prompt = *model_->tokenizer().encode("An example, as JSON:\n");
      request.sampling = {.temperature = i % 2 ? 0.8F : 0.0F, .seed = i};
      request.grammar = schema(all[i].dump());
      request.max_tokens = static_cast<int>(Matcher(request.grammar->program()).shortest() + i % 4 * 8);
      const auto id = (*engine)->submit(std::move(request));
      QVERIFY2(bool(id), id ? "" : id.error().message.c_str());
      asked[*id] = i;
    }
    while (!(*engine)->idle()) {
      for (const Event& event : (*engine)->step()) {
        texts[asked[event.request]] += event.text;
        QVERIFY(event.kind != Event::Kind::finished || event.reason == FinishReason::end_of_text ||
                event.reason == FinishReason::max_tokens);
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string verdict = judged(all[i], texts[i]);
      QVERIFY2(verdict.empty(), verdict.c_str());
    }
  }

  void answers_that_cannot_fit_are_refused_with_the_numbers() {
    auto engine = Engine::create(model_, {.context_length = 64});
    Request request;
    request.prompt = *model_->tokenizer().encode("An example:");
    request.grammar = schema("{\"type\":\"array\",\"items\":{\"const\":\"a long constant text\"},\"minItems\":5}");
    request.max_tokens = 4;
    auto refused = (*engine)->submit(request);
    QVERIFY(!refused);
    QVERIFY2(refused.error().message.find("only 4") != std::string::npos, refused.error().message.c_str());
    request.max_tokens = 0;  // the context decides
    request.prompt.resize(60, request.prompt.front());
    refused = (*engine)->submit(request);
    QVERIFY(!refused && refused.error().message.find("only 4") != std::string::npos);
    request.prompt.resize(2);
    request.ignore_end = true;
    QVERIFY(!(*engine)->submit(request));
    request.ignore_end = false;
    QVERIFY(bool((*engine)->submit(request)));
    const auto other = GrammarCompiler::create(ByteTokenizer());
    request.grammar = *(*other)->regex("a");
    refused = (*engine)->submit(request);
    QVERIFY(!refused && refused.error().message.find("another model") != std::string::npos);
  }

  void masks_are_quick_over_a_large_vocabulary_data() {
    QTest::addColumn<std::string>("rules");
    const Json all = speed_schemas();
    for (const auto& [name, rules] : all.items()) QTest::newRow(name.c_str()) << rules.dump();
  }
  // The mean over an answer, of a step whose forward pass takes 20 ms and more at this vocabulary.
  void masks_are_quick_over_a_large_vocabulary() {
    QFETCH(std::string, rules);
    const Tokenizer& starter = model_->tokenizer();
    Random random(2);
    std::vector<std::string> pieces;
    for (TokenId id = 0; id < starter.vocabulary_size(); ++id) pieces.push_back(starter.piece(id));
    // More words of the same lengths.
    const std::size_t known = pieces.size();
    std::set<std::string> seen(pieces.begin(), pieces.end());
    while (pieces.size() < 151'000) {
      const auto any = [&]() -> const std::string& { return pieces[random.next() % known]; };
      const std::string piece = (any() + any() + any()).substr(0, any().size());
      if (seen.insert(piece).second) pieces.push_back(piece);
    }
    const ByteTokenizer large(pieces);
    // Of this thread alone: other programs slow a clock on the wall down.
    const auto now = [] {
      timespec time{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return 1e6 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_nsec);
    };
    double start = now();
    const auto compiler = GrammarCompiler::create(large);
    const double indexed = now() - start;
    start = now();
    const auto grammar = (*compiler)->json_schema(rules);
    const double compiled = now() - start;
    Matcher matcher((*grammar)->program());
    std::vector<double> times;
    for (int i = 0; i < 300 && !matcher.over(); ++i) {
      start = now();
      const auto mask = matcher.allowed();
      double time = now() - start;
      // As text goes: mostly the longer half of what may come.
      TokenId token = any_of(mask, random);
      for (int more = 0; more < 3 && large.is_end(token); ++more) token = any_of(mask, random);
      if (large.is_end(token)) break;
      start = now();
      QVERIFY(matcher.fits(token, 10'000) && matcher.accept(token));
      times.push_back(time + now() - start);
    }
    const double mean = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
    std::ranges::sort(times);
    qInfo("%zu tokens: mean %.0f us, median %.0f us, 99%% %.0f us, most %.0f us; vocabulary %.0f ms, schema %.1f ms",
          times.size(), mean, times[times.size() / 2], times[times.size() * 99 / 100], times.back(), indexed / 1e3,
          compiled / 1e3);
    QVERIFY2(mean < 1000.0, qPrintable(QString::number(mean)));
  }
};

QTEST_GUILESS_MAIN(GrammarVocabularyTest)
#include "grammar_vocabulary_test.moc"
