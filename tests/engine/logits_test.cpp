#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <cmath>
#include <cstring>

#include "hadal/engine.h"

using namespace hadal;

/// Logits of the starter model against those of transformers reading the same file in float32
/// (tests/reference/compare_logits.py --golden): English, Chinese and code.
class LogitsTest : public QObject {
  Q_OBJECT

  std::shared_ptr<const Model> model_;
  QJsonObject golden_;
  std::vector<TokenId> ids_;
  std::vector<float> rows_;  ///< [rows, every stride-th logit]

  std::vector<float> logits(Device device, std::size_t tokens, bool step) {
    auto engine = Engine::create(model_, {.device = device});
    auto made = engine ? (*engine)->logits(std::span(ids_).first(tokens), step) : engine.error();
    if (!made) qFatal("%s", made.error().message.c_str());
    return std::move(*made);
  }

  /// Largest difference of the golden's full rows, over the row's largest absolute logit.
  double relative(const std::vector<float>& ours, std::size_t tokens) const {
    const auto vocabulary = ours.size() / tokens;
    const auto stride = static_cast<std::size_t>(golden_["stride"].toInt());
    const std::size_t columns = (vocabulary + stride - 1) / stride;
    const QJsonArray picked = golden_["rows"].toArray(), largest = golden_["largest"].toArray();
    double worst = 0.0;
    for (qsizetype i = 0; i < picked.size(); ++i) {
      const auto row = static_cast<std::size_t>(picked[i].toInt());
      if (row >= tokens) continue;
      for (std::size_t c = 0; c < columns; ++c) {
        const double difference = std::abs(static_cast<double>(ours[row * vocabulary + c * stride]) -
                                           static_cast<double>(rows_[static_cast<std::size_t>(i) * columns + c]));
        worst = std::max(worst, difference / largest[static_cast<qsizetype>(row)].toDouble());
      }
    }
    return worst;
  }

  /// The two likeliest tokens' logits and the log-sum-exp of every row, as far as the golden knows them.
  double relative_summary(const std::vector<float>& ours, std::size_t tokens) const {
    const auto vocabulary = ours.size() / tokens;
    double worst = 0.0;
    for (std::size_t row = 0; row < tokens; ++row) {
      const auto at = static_cast<qsizetype>(row);
      const float* own = ours.data() + row * vocabulary;
      double sum = 0.0;
      for (std::size_t c = 0; c < vocabulary; ++c) sum += std::exp(static_cast<double>(own[c]));
      const double scale = golden_["largest"].toArray()[at].toDouble();
      worst = std::max(worst, std::abs(std::log(sum) - golden_["log_sum_exp"].toArray()[at].toDouble()) / scale);
      const QJsonArray top = golden_["top"].toArray()[at].toArray(),
                       value = golden_["top_logits"].toArray()[at].toArray();
      for (qsizetype j = 0; j < top.size(); ++j) {
        worst = std::max(worst, std::abs(static_cast<double>(own[top[j].toInt()]) - value[j].toDouble()) / scale);
      }
    }
    return worst;
  }

  int wrong_where_clear(const std::vector<float>& ours, std::size_t tokens) const {
    const auto vocabulary = ours.size() / tokens;
    int wrong = 0;
    for (std::size_t row = 0; row < tokens; ++row) {
      const auto at = static_cast<qsizetype>(row);
      const QJsonArray top = golden_["top"].toArray()[at].toArray(),
                       value = golden_["top_logits"].toArray()[at].toArray();
      const float* own = ours.data() + row * vocabulary;
      if (value[0].toDouble() - value[1].toDouble() > 0.2 &&
          std::max_element(own, own + vocabulary) - own != top[0].toInt())
        ++wrong;
    }
    return wrong;
  }

 private slots:
  void initTestCase() {
    if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL")))
      QSKIP("The starter model is not there (./dev setup fetches it).");
    auto loaded = Model::load(qEnvironmentVariable("HADAL_TEST_MODEL").toStdString());
    QVERIFY2(bool(loaded), loaded ? "" : loaded.error().message.c_str());
    model_ = *loaded;
    QFile file(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/logits_smollm2.json");
    QVERIFY(file.open(QFile::ReadOnly));
    golden_ = QJsonDocument::fromJson(file.readAll()).object();
    for (const auto& id : golden_["ids"].toArray()) ids_.push_back(id.toInt());
    QCOMPARE(ids_.size(), std::size_t{512});
    const QByteArray bytes = QByteArray::fromBase64(golden_["row_logits"].toString().toLatin1());
    rows_.resize(static_cast<std::size_t>(bytes.size()) / sizeof(float));
    std::memcpy(rows_.data(), bytes.data(), rows_.size() * sizeof(float));
    QVERIFY(rows_.size() > 10000);
  }

  void reference_is_transformers() {
    // Plain code takes its time: the first tokens, which hold all three kinds of text.
    constexpr std::size_t tokens = 48;
    const auto whole = logits(Device::reference, tokens, false);
    QVERIFY2(relative(whole, tokens) < 1e-3, qPrintable(QString::number(relative(whole, tokens))));
    QVERIFY2(relative_summary(whole, tokens) < 1e-3, qPrintable(QString::number(relative_summary(whole, tokens))));
    QCOMPARE(wrong_where_clear(whole, tokens), 0);
    const auto stepped = logits(Device::reference, 24, true);
    for (std::size_t i = 0; i < stepped.size(); ++i) QCOMPARE(stepped[i], whole[i]);
  }

  void cpu_is_close_and_agrees_on_the_top_token() {
    const auto whole = logits(Device::cpu, ids_.size(), false);
    QCOMPARE(wrong_where_clear(whole, ids_.size()), 0);
    // Keys and values rounded to binary16, with 11 bits, are what differs: 30 layers of relative 2^-11 at most.
    const double bound = 30 * 0x1p-11;
    QVERIFY2(relative(whole, ids_.size()) < bound, qPrintable(QString::number(relative(whole, ids_.size()))));
    QVERIFY2(relative_summary(whole, ids_.size()) < bound,
             qPrintable(QString::number(relative_summary(whole, ids_.size()))));
  }

  void cpu_step_is_cpu_prefill() {
    const auto whole = logits(Device::cpu, 300, false), stepped = logits(Device::cpu, 300, true);
    for (std::size_t i = 0; i < stepped.size(); ++i) QCOMPARE(stepped[i], whole[i]);
  }
};

QTEST_GUILESS_MAIN(LogitsTest)
#include "logits_test.moc"
