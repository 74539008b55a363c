#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "hadal/engine.h"

using namespace hadal;

/// Tiny random models of every architecture, option and weight type against transformers in float32 with the weights
/// dequantised from the same file (tests/reference/tiny_models.py, and likewise for each folder tiny_*).
class TinyModelsTest : public QObject {
  Q_OBJECT

  QString folder_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/";
  QJsonObject cases_;  ///< By folder and name, "tiny_models/llama".

  static std::vector<float> logits(const std::shared_ptr<const Model>& model, const std::vector<TokenId>& ids,
                                   Device device, bool step) {
    auto engine = Engine::create(model, {.device = device});
    auto made = engine ? (*engine)->logits(ids, step) : engine.error();
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }

  static std::vector<double> log_softmax(const float* row, std::size_t count) {
    const double highest = *std::max_element(row, row + count);
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(row[i]) - highest);
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<double>(row[i]) - highest - std::log(sum));
    return out;
  }

  /// KL divergence of our distributions from the expected ones, in nats, mean of the tokens.
  static double mean_kl(const std::vector<float>& expected, const std::vector<float>& ours, std::size_t tokens) {
    const std::size_t vocabulary = expected.size() / tokens;
    double sum = 0.0;
    for (std::size_t t = 0; t < tokens; ++t) {
      const auto p = log_softmax(expected.data() + t * vocabulary, vocabulary);
      const auto q = log_softmax(ours.data() + t * vocabulary, vocabulary);
      for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
    }
    return sum / static_cast<double>(tokens);
  }

  std::vector<float> expected_logits(const QString& name) const {
    QFile file(folder_ + name + ".f32");
    if (!file.open(QFile::ReadOnly)) qFatal("%s", qPrintable(file.errorString()));
    const QByteArray bytes = file.readAll();
    std::vector<float> values(static_cast<std::size_t>(bytes.size()) / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  }

 private slots:
  void initTestCase() {
    for (const QString& folder : QDir(folder_).entryList({"tiny_*"}, QDir::Dirs)) {
      QFile file(folder_ + folder + "/cases.json");
      QVERIFY(file.open(QFile::ReadOnly));
      const QJsonObject cases = QJsonDocument::fromJson(file.readAll()).object()["cases"].toObject();
      for (const QString& name : cases.keys()) cases_[folder + "/" + name] = cases[name];
    }
    QVERIFY(cases_.size() >= 37);
  }

  void logits_are_those_of_transformers_data() {
    QTest::addColumn<QString>("name");
    for (const QString& name : cases_.keys()) QTest::newRow(qPrintable(name)) << name;
  }
  void logits_are_those_of_transformers() {
    QFETCH(QString, name);
    const QJsonObject test = cases_[name].toObject();
    std::vector<TokenId> ids;
    for (const auto& id : test["ids"].toArray()) ids.push_back(id.toInt());
    const auto model = Model::load((folder_ + name + ".gguf").toStdString());
    QVERIFY2(bool(model), model ? "" : model.error().message.c_str());
    const auto expected = expected_logits(name);

    const auto plain = logits(*model, ids, Device::reference, false);
    QCOMPARE(plain.size(), expected.size());
    const auto [lowest, highest] = std::minmax_element(expected.begin(), expected.end());
    float worst = 0.0F;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      QVERIFY(std::isfinite(plain[i]));
      worst = std::max(worst, std::abs(plain[i] - expected[i]));
    }
    QVERIFY2(worst <= 1e-4F * (*highest - *lowest), qPrintable(QString::number(worst)));

    // No further off than llama.cpp on the same file by a tenth, and than the bound of Q8_0, unless the weights are of
    // those few that meet activations of 8 bits.
    const auto llama = test["llama_mean_kl"];
    const bool coarse = name.endsWith("type-Q4_0") || name.endsWith("type-Q4_K");
    const double bound = std::min(coarse ? 1.0 : 1e-3, llama.isNull() ? 1.0 : 1.1 * llama.toDouble());
    const auto whole = logits(*model, ids, Device::cpu, false), stepped = logits(*model, ids, Device::cpu, true);
    const double kl = mean_kl(expected, whole, ids.size());
    QVERIFY2(kl <= bound, qPrintable(QString("%1, not within %2").arg(kl).arg(bound)));
    for (std::size_t i = 0; i < whole.size(); ++i) QCOMPARE(stepped[i], whole[i]);
  }
};

QTEST_GUILESS_MAIN(TinyModelsTest)
#include "tiny_models_test.moc"
