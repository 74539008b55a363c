#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using Outcome = hadal::test::ToolOutcome;
using hadal::test::engine_tool;

/// hadal-engine experts, and --experts-used, over a tiny mixture: 3 layers, the first dense, 3 of 8 experts.
class ToolExpertsTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString data_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/";
  QString model_ = data_ + "tiny_moe/deepseek.gguf";
  QString text_ = folder_.filePath("text");
  static constexpr int kLength = 300;

 private slots:
  void initTestCase() {
    QFile out(text_);
    QVERIFY(out.open(QFile::WriteOnly));
    for (int i = 0; i < kLength; ++i) out.putChar(static_cast<char>('#' + (i * i * 5 + i / 7) % 29));
  }

  void every_layers_load_is_shown() {
    const Outcome out = engine_tool({"experts", model_, "--file", text_, "--json"});
    QVERIFY2(out.code == 0, out.errors.constData());
    const QJsonObject json = out.json();
    QCOMPARE(json["experts"].toInt(), 8);
    QCOMPARE(json["experts_used"].toInt(), 3);
    QCOMPARE(json["tokens_judged"].toInt(), kLength - 1);
    const int tokens = json["tokens_computed"].toInt();
    QCOMPARE(tokens, kLength - 1);  // one window, whose last token only is foreseen
    const QJsonArray layers = json["layers"].toArray();
    QCOMPARE(layers.size(), 2);
    for (int i = 0; i < 2; ++i) {
      const QJsonObject layer = layers[i].toObject();
      QCOMPARE(layer["layer"].toInt(), i + 1);
      int sum = 0, most = 0;
      for (const auto& count : layer["chosen"].toArray()) sum += count.toInt(), most = std::max(most, count.toInt());
      QCOMPARE(sum, 3 * tokens);
      QCOMPARE(layer["mean_weight"].toArray().size(), 8);
      QVERIFY(std::abs(layer["max_over_mean"].toDouble() - most * 8.0 / sum) < 1e-9);
      QVERIFY(layer["variation"].toDouble() > 0 && layer["entropy"].toDouble() < 1);
    }
    QVERIFY(!json.contains("perplexity_with_all"));
    const Outcome judged = engine_tool({"perplexity", model_, "--file", text_, "--json"});
    QCOMPARE(judged.json()["perplexity"].toDouble(), json["perplexity"].toDouble());
  }

  void the_cost_of_fewer_experts_is_told() {
    const QStringList command{"experts", model_, "--file", text_, "--experts-used", "1"};
    const QJsonObject json = engine_tool(command + QStringList{"--json"}).json();
    QCOMPARE(json["experts_used"].toInt(), 1);
    const double fewer = json["perplexity"].toDouble(), all = json["perplexity_with_all"].toDouble();
    QVERIFY(fewer > 1 && all > 1 && fewer != all);
    const auto perplexity = [&](const QStringList& more) {
      return engine_tool(QStringList{"perplexity", model_, "--file", text_, "--json"} + more)
          .json()["perplexity"]
          .toDouble();
    };
    QCOMPARE(perplexity({}), all);
    QCOMPARE(perplexity({"--experts-used", "1"}), fewer);
    const Outcome text = engine_tool(command);
    QCOMPARE(text.code, 0);
    QVERIFY(text.output.startsWith("1 of 8 experts") && text.output.contains("with all that the model uses"));
    QCOMPARE(text.output.count('\n'), 5);  // a line, a head, two layers, their mean
  }

  void every_command_that_computes_takes_fewer() {
    const QStringList one{"--experts-used", "1"};
    const QString whole = folder_.filePath("whole"), fewer = folder_.filePath("fewer");
    QCOMPARE(engine_tool({"logits", model_, "--ids", "1,2,3", "--out", whole}).code, 0);
    QCOMPARE(engine_tool(QStringList{"logits", model_, "--ids", "1,2,3", "--out", fewer} + one).code, 0);
    QFile a(whole), b(fewer);
    QVERIFY(a.open(QFile::ReadOnly) && b.open(QFile::ReadOnly));
    QVERIFY(a.readAll() != b.readAll());
    QCOMPARE(engine_tool(QStringList{"generate", model_, "--prompt", "ABC", "--max-tokens", "3"} + one).code, 0);
    QCOMPARE(
        engine_tool(QStringList{"bench", model_, "--prompt", "9", "--generate", "2", "--repetitions", "1"} + one).code,
        0);
  }

  void what_cannot_be_is_refused() {
    QVERIFY(engine_tool({"experts", model_}).refused(2));
    QVERIFY(engine_tool({"experts", model_, "--file", text_, "--experts-used", "0"}).refused(2));
    const Outcome many = engine_tool({"experts", model_, "--file", text_, "--experts-used", "4"});
    QVERIFY(many.refused(1) && many.errors.contains("3 of its 8"));
    const Outcome dense = engine_tool({"experts", data_ + "tiny_models/llama.gguf", "--file", text_});
    QVERIFY(dense.refused(1) && dense.errors.contains("no mixture of experts"));
    const Outcome none = engine_tool({"bench", data_ + "tiny_models/llama.gguf", "--experts-used", "1"});
    QVERIFY(none.refused(1) && none.errors.contains("no experts"));
  }
};

QTEST_GUILESS_MAIN(ToolExpertsTest)
#include "tool_experts_test.moc"
