#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <map>
#include <numeric>

#include "hadal/engine.h"

using namespace hadal;

/// An engine over mixtures of experts: answers do not depend on what is computed beside them, the experts' use is
/// counted, and fewer of them can be used.
class ExpertsEngineTest : public QObject {
  Q_OBJECT

  QString folder_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/tiny_moe/";

  std::shared_ptr<const Model> load(const QString& name) const {
    auto model = Model::load((folder_ + name + ".gguf").toStdString());
    if (!model) qFatal("%s", model.error().message.c_str());
    return *model;
  }

  static std::unique_ptr<Engine> engine_of(const std::shared_ptr<const Model>& model, int experts_used = 0) {
    auto engine = Engine::create(model, {.device = Device::cpu, .experts_used = experts_used});
    if (!engine) qFatal("%s", engine.error().message.c_str());
    return std::move(*engine);
  }

  static std::vector<TokenId> prompt(int seed) {
    std::vector<TokenId> ids;
    for (int i = 0; i < 50; ++i) ids.push_back(1 + (seed * 31 + i * i * 7 + i) % 63);
    return ids;
  }

  static RequestId submit(Engine& engine, int seed) {
    Request request;
    request.prompt = prompt(seed);
    request.max_tokens = 12;
    request.ignore_end = true;
    request.sampling.logprobs = 20;
    return *engine.submit(std::move(request));
  }

  /// What a request answered, down to the bits of its log-probabilities.
  struct Answer {
    std::vector<TokenId> tokens;
    std::vector<float> logprobs;
    int reused = 0;
    bool operator==(const Answer& other) const { return tokens == other.tokens && logprobs == other.logprobs; }
  };

  static std::map<RequestId, Answer> answers(Engine& engine) {
    std::map<RequestId, Answer> out;
    while (!engine.idle()) {
      for (const Event& event : engine.step()) {
        Answer& answer = out[event.request];
        answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
        for (const TokenLogprobs& one : event.logprobs) {
          for (const TokenLogprob& likely : one.likeliest) answer.logprobs.push_back(likely.logprob);
        }
        if (event.kind == Event::Kind::finished) answer.reused = event.stats.reused_tokens;
      }
    }
    return out;
  }

 private slots:
  /// Experts that are laid out ahead, in parts between requests, and threads that are measured change no bit.
  void what_is_done_ahead_changes_nothing_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"qwen3moe", "deepseek"}) QTest::newRow(name) << name;
  }
  void what_is_done_ahead_changes_nothing() {
    QFETCH(QString, name);
    const auto model = load(name);
    const auto plain = engine_of(model);
    std::vector<Answer> expected;
    for (const int seed : {1, 2}) {
      const RequestId id = submit(*plain, seed);
      expected.push_back(answers(*plain)[id]);
    }
    auto made = Engine::create(model, {.device = Device::cpu, .threads = 3, .measure_threads = true});
    QVERIFY(bool(made));
    Engine& engine = **made;
    QVERIFY(!engine.work_ahead());  // not before it is prepared
    QVERIFY(bool(engine.prepare(nullptr)));
    QVERIFY(engine.status().laid_out < 1.0);
    QVERIFY(engine.work_ahead());
    const RequestId first = submit(engine, 1);
    QVERIFY(!engine.work_ahead());
    QVERIFY(answers(engine)[first] == expected[0]);
    QCOMPARE(engine.status().measured_threads, ThreadCounts());
    const auto counted = engine.expert_usage().tokens;
    int parts = 0;
    while (engine.work_ahead()) ++parts;
    QVERIFY(parts >= 16);  // four rounds of two kinds of trial with at least two numbers of threads
    QCOMPARE(engine.expert_usage().tokens, counted);
    const EngineStatus status = engine.status();
    QCOMPARE(status.laid_out, 1.0);
    QVERIFY(status.measured_threads.reading >= 1 && status.measured_threads.reading <= 3);
    QVERIFY(status.measured_threads.writing >= 1 && status.measured_threads.writing <= 3);
    QCOMPARE(status.threads, status.measured_threads);
    QVERIFY(!engine.work_ahead());
    const RequestId second = submit(engine, 2);
    QVERIFY(answers(engine)[second] == expected[1]);
  }

  void what_is_measured_can_be_interrupted() {
    const auto interrupt = std::make_shared<std::atomic<int>>(1);
    const auto model = load("deepseek");
    auto made = Engine::create(model, {.threads = 2, .measure_threads = true, .interrupt = interrupt});
    QVERIFY(bool(made) && bool((*made)->prepare(nullptr)));
    for (int i = 0; i < 100; ++i) QVERIFY((*made)->work_ahead());  // it gets nowhere, and does not give up
    QCOMPARE((*made)->status().measured_threads, ThreadCounts());
    *interrupt = 0;
    while ((*made)->work_ahead()) {
    }
    QVERIFY((*made)->status().measured_threads.writing > 0);
  }

  void company_and_reuse_change_nothing_data() {
    QTest::addColumn<QString>("name");
    QFile file(folder_ + "cases.json");
    QVERIFY(file.open(QFile::ReadOnly));
    for (const QString& name : QJsonDocument::fromJson(file.readAll()).object()["cases"].toObject().keys())
      QTest::newRow(qPrintable(name)) << name;
  }
  void company_and_reuse_change_nothing() {
    QFETCH(QString, name);
    const auto model = load(name);
    std::vector<Answer> alone;
    for (int seed = 0; seed < 3; ++seed) {
      const auto engine = engine_of(model);
      const RequestId id = submit(*engine, seed);
      alone.push_back(answers(*engine)[id]);
      QCOMPARE(alone.back().tokens.size(), std::size_t{12});
      QCOMPARE(alone.back().logprobs.size(), std::size_t{240});
      QCOMPARE(alone.back().reused, 0);
    }
    const auto engine = engine_of(model);
    for (int round = 0; round < 2; ++round) {
      std::vector<RequestId> ids;
      for (int seed = 0; seed < 3; ++seed) ids.push_back(submit(*engine, seed));
      auto together = answers(*engine);
      for (std::size_t seed = 0; seed < 3; ++seed) {
        QVERIFY(together[ids[seed]] == alone[seed]);
        QCOMPARE(together[ids[seed]].reused, round == 0 ? 0 : 49);
      }
    }
  }

  void every_choice_is_counted() {
    const auto model = load("deepseek");  // 3 layers, the first dense; 3 of 8 experts
    const auto engine = engine_of(model);
    QVERIFY(bool(engine->logits(prompt(1), false)));
    const ExpertUsage& usage = engine->expert_usage();
    QCOMPARE(usage.layers, std::size_t{3});
    QCOMPARE(usage.experts, std::size_t{8});
    QCOMPARE(usage.used, std::size_t{3});
    QCOMPARE(usage.tokens, std::uint64_t{50});
    for (std::size_t layer = 0; layer < 3; ++layer) {
      const auto first = usage.chosen.begin() + static_cast<std::ptrdiff_t>(8 * layer);
      const auto weights = usage.weight.begin() + static_cast<std::ptrdiff_t>(8 * layer);
      QCOMPARE(std::accumulate(first, first + 8, std::uint64_t{0}), std::uint64_t{layer == 0 ? 0U : 150U});
      const double sum = std::accumulate(weights, weights + 8, 0.0);
      // Shares of a softmax over 8: the best 3 have at least 3/8 of it, and not all.
      if (layer > 0) QVERIFY(sum > 50 * 0.375 && sum < 50);
    }
    const auto dense = Model::load(folder_.toStdString() + "../tiny_models/llama.gguf");
    const auto other = engine_of(*dense);
    QCOMPARE(other->expert_usage().layers, std::size_t{0});
  }

  void the_weights_of_normalised_routes_add_up() {
    const auto engine = engine_of(load("deepseek-norm"));  // scale 2.5
    QVERIFY(bool(engine->logits(prompt(1), false)));
    const ExpertUsage& usage = engine->expert_usage();
    const double sum = std::accumulate(usage.weight.begin() + 8, usage.weight.end(), 0.0);
    QVERIFY2(std::abs(sum - 50 * 2.5) < 1e-3, qPrintable(QString::number(sum)));
  }

  void fewer_experts_can_be_used() {
    const auto model = load("deepseek");
    const auto all = engine_of(model), same = engine_of(model, 3), one = engine_of(model, 1);
    const auto whole = all->logits(prompt(2), false), explicitly = same->logits(prompt(2), false),
               fewer = one->logits(prompt(2), false), stepped = one->logits(prompt(2), true);
    QVERIFY(*whole == *explicitly);
    QVERIFY(*whole != *fewer);
    QVERIFY(*fewer == *stepped);
    QCOMPARE(one->expert_usage().used, std::size_t{1});
    const auto& chosen = one->expert_usage().chosen;
    QCOMPARE(std::accumulate(chosen.begin(), chosen.end(), std::uint64_t{0}), std::uint64_t{2 * 2 * 50});
  }

  void wrong_numbers_of_experts_are_refused() {
    const auto refused = [](const std::shared_ptr<const Model>& model, int used, const char* word) {
      const auto engine = Engine::create(model, {.device = Device::cpu, .experts_used = used});
      QVERIFY(!engine);
      QVERIFY(engine.error().code == ErrorCode::invalid_argument);
      QVERIFY2(engine.error().message.find(word) != std::string::npos, engine.error().message.c_str());
    };
    refused(load("deepseek"), 4, "3 of its 8");
    refused(load("deepseek"), -1, "-1");
    refused(*Model::load(folder_.toStdString() + "../tiny_models/llama.gguf"), 1, "no experts");
  }
};

QTEST_GUILESS_MAIN(ExpertsEngineTest)
#include "experts_engine_test.moc"
