#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "hadal/engine.h"

using namespace hadal;

/// Tiny random models of DeepSeek-V2 and V3, with every routing and in every
/// layout, against transformers or a reference of our own with the weights
/// dequantised from the same file (tests/reference/deepseek_models.py).
class DeepseekModelsTest : public QObject {
  Q_OBJECT

  QString folder_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/deepseek/";
  QJsonObject cases_;

  struct Case {
    std::vector<TokenId> ids;
    std::vector<float> expected;  ///< [ids, vocabulary]
    std::shared_ptr<const Model> model;
    std::size_t vocabulary = 0;

    float spread() const {
      const auto [lowest, highest] = std::minmax_element(expected.begin(), expected.end());
      return *highest - *lowest;
    }
  };

  std::vector<float> floats(const QString& name) const {
    QFile file(folder_ + name);
    if (!file.open(QFile::ReadOnly)) qFatal("%s", qPrintable(file.errorString()));
    const QByteArray bytes = file.readAll();
    std::vector<float> values(static_cast<std::size_t>(bytes.size()) / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  }
  Case read(const QString& name) const {
    Case c;
    for (const auto& id : cases_[name].toObject()["ids"].toArray()) c.ids.push_back(id.toInt());
    c.expected = floats(name + ".f32");
    c.vocabulary = c.expected.size() / c.ids.size();
    auto model = Model::load((folder_ + name + ".gguf").toStdString());
    if (!model) qFatal("%s", model.error().message.c_str());
    c.model = std::move(*model);
    return c;
  }

  static std::unique_ptr<Engine> engine(const Case& c, EngineOptions options) {
    auto made = Engine::create(c.model, std::move(options));
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  static std::vector<float> logits(const Case& c, Device device, bool step) {
    auto made = engine(c, {.device = device})->logits(c.ids, step);
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }
  static float worst(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) return INFINITY;
    float most = 0.0F;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!(std::abs(a[i] - b[i]) <= most)) most = std::abs(a[i] - b[i]);
    }
    return most;
  }

  static std::vector<double> log_softmax(const float* row, std::size_t count) {
    const double highest = *std::max_element(row, row + count);
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(row[i]) - highest);
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<double>(row[i]) - highest - std::log(sum));
    return out;
  }
  static double mean_kl(const std::vector<float>& expected, const std::vector<float>& ours, std::size_t vocabulary) {
    double sum = 0.0;
    for (std::size_t t = 0; t < expected.size(); t += vocabulary) {
      const auto p = log_softmax(expected.data() + t, vocabulary), q = log_softmax(ours.data() + t, vocabulary);
      for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
    }
    return sum / static_cast<double>(expected.size() / vocabulary);
  }

  /// What the engine thinks of the token behind the first `length` ids, as a
  /// request with the whole vocabulary's log-probabilities.
  static RequestId ask(Engine& on, const Case& c, std::size_t length) {
    Request request;
    request.prompt.assign(c.ids.begin(), c.ids.begin() + static_cast<std::ptrdiff_t>(length));
    request.max_tokens = 1;
    request.ignore_end = true;
    request.sampling.logprobs = static_cast<int>(c.vocabulary);
    const auto id = on.submit(std::move(request));
    if (!id) qFatal("%s", id.error().message.c_str());
    return *id;
  }
  struct Thought {
    std::vector<float> logprobs;  ///< [vocabulary]
    int reused = 0;
  };
  static std::map<RequestId, Thought> think(Engine& on, const Case& c) {
    std::map<RequestId, Thought> thoughts;
    while (!on.idle()) {
      for (const Event& event : on.step()) {
        Thought& thought = thoughts[event.request];
        for (const TokenLogprobs& one : event.logprobs) {
          thought.logprobs.resize(c.vocabulary);
          for (const TokenLogprob& token : one.likeliest)
            thought.logprobs[static_cast<std::size_t>(token.token)] = token.logprob;
        }
        if (event.kind == Event::Kind::finished) thought.reused = event.stats.reused_tokens;
      }
    }
    return thoughts;
  }
  /// A thought against the row of logits behind `length` tokens.
  static float off(const Thought& thought, const std::vector<float>& whole, std::size_t length,
                   std::size_t vocabulary) {
    std::vector<float> row;
    for (const double value : log_softmax(whole.data() + (length - 1) * vocabulary, vocabulary))
      row.push_back(static_cast<float>(value));
    return worst(row, thought.logprobs);
  }

  void names() const {
    QTest::addColumn<QString>("name");
    for (const QString& name : cases_.keys()) QTest::newRow(qPrintable(name)) << name;
  }

 private slots:
  void initTestCase() {
    QFile file(folder_ + "cases.json");
    QVERIFY(file.open(QFile::ReadOnly));
    cases_ = QJsonDocument::fromJson(file.readAll()).object()["cases"].toObject();
    QVERIFY(cases_.size() >= 9);
  }

  void logits_are_the_expected_ones_data() { names(); }
  void logits_are_the_expected_ones() {
    QFETCH(QString, name);
    const Case c = read(name);
    const float off = worst(logits(c, Device::reference, false), c.expected);
    QVERIFY2(off <= 1e-4F * c.spread(), qPrintable(QString::number(off / c.spread())));
    const auto whole = logits(c, Device::cpu, false), stepped = logits(c, Device::cpu, true);
    for (const auto& ours : {whole, stepped}) {
      const double kl = mean_kl(c.expected, ours, c.vocabulary);
      QVERIFY2(kl <= 1e-3, qPrintable(QString::number(kl)));
    }
    // One computes keys and values from the latents, the other looks at these
    // themselves; a latent that falls on the other side of a binary16 step
    // moves what follows by some 2^-11 of it.
    QVERIFY2(worst(whole, stepped) <= 1e-3F * c.spread(), qPrintable(QString::number(worst(whole, stepped))));
  }

  void others_and_reuse_change_nothing_data() { names(); }
  void others_and_reuse_change_nothing() {
    QFETCH(QString, name);
    const Case c = read(name);
    const auto whole = logits(c, Device::cpu, false);
    // A step of a millisecond cuts the prompts into pieces.
    const auto shared = engine(c, {.device = Device::cpu, .step_milliseconds = 1});
    std::map<RequestId, std::size_t> lengths;
    for (const std::size_t length : {80, 33, 50, 64, 5}) lengths[ask(*shared, c, length)] = length;
    for (const auto& [id, thought] : think(*shared, c)) {
      const float apart = off(thought, whole, lengths[id], c.vocabulary);
      QVERIFY2(apart <= 1e-3F * c.spread(), qPrintable(QString("%1 tokens: %2").arg(lengths[id]).arg(apart)));
    }
    const RequestId again = ask(*shared, c, 79);
    const Thought thought = think(*shared, c)[again];
    // A draft layer's row of the last token is computed again, and the token with it.
    QCOMPARE(thought.reused, name == "v3-draft" ? 77 : 78);
    QVERIFY(off(thought, whole, 79, c.vocabulary) <= 1e-3F * c.spread());
  }

  void drafts_are_the_expected_ones() {
    const Case c = read("v3-draft");
    const auto expected = floats("v3-draft.draft.f32");
    QCOMPARE(expected.size(), (c.ids.size() - 1) * c.vocabulary);
    const auto drafts = [&](Device device, bool step) {
      auto made = engine(c, {.device = device})->draft_logits(c.ids, step);
      if (!made) qFatal("%s", made.error().message.c_str());
      return std::move(*made);
    };
    QVERIFY(worst(drafts(Device::reference, false), expected) <= 1e-4F * c.spread());
    QVERIFY(worst(drafts(Device::reference, true), expected) <= 1e-4F * c.spread());
    for (const bool step : {false, true}) {
      const double kl = mean_kl(expected, drafts(Device::cpu, step), c.vocabulary);
      QVERIFY2(kl <= 1e-3, qPrintable(QString::number(kl)));
    }
    const auto refused = engine(read("v3"), {.device = Device::cpu})->draft_logits(c.ids, false);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::unsupported);
    const auto alone = engine(c, {.device = Device::cpu})->draft_logits(std::span(c.ids).first(1), false);
    QVERIFY(!alone);
    QCOMPARE(alone.error().code, ErrorCode::invalid_argument);
  }
};

QTEST_GUILESS_MAIN(DeepseekModelsTest)
#include "deepseek_models_test.moc"
