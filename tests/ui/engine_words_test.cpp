// The engine's sentences in Chinese: what a person meets when a file cannot be loaded.
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include "app/language/engine_words.h"
#include "app/language/language.h"
#include "hadal/model.h"
#include "resources/resources.h"

using namespace hadal;

namespace {

QString loadError(const QString& folder, const QString& name, const QByteArray& bytes) {
  const QString path = folder + QLatin1Char('/') + name;
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) return {};
  file.close();
  const auto model = hadal::Model::load(path.toStdString());
  return model ? QString() : QString::fromStdString(model.error().message);
}

}  // namespace

class EngineWordsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { hadal::initResources(); }

  void refusalsAreChinese_data() {
    QTest::addColumn<QByteArray>("bytes");
    const QByteArray header = QByteArray("GGUF\x03\x00\x00\x00", 8);
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("truncated preamble") << QByteArray("GGUF\x03");
    QTest::newRow("truncated header") << header + "1234";
    QTest::newRow("web page") << QByteArray("<!DOCTYPE html><html><body>404</body></html>");
    QTest::newRow("archive") << QByteArray("PK\x03\x04 and so on and so forth");
    QTest::newRow("zeros") << QByteArray(64, '\0');
    QTest::newRow("old version") << QByteArray("GGUF\x01\x00\x00\x00", 8) + QByteArray(64, '\0');
    QTest::newRow("too many tensors") << header + QByteArray(8, '\x7f') + QByteArray(8, '\x00');
  }

  void refusalsAreChinese() {
    QFETCH(QByteArray, bytes);
    QTemporaryDir folder;
    const QString english = loadError(folder.path(), QStringLiteral("x.gguf"), bytes);
    QVERIFY(!english.isEmpty());
    Language language(QStringLiteral("en"));
    QCOMPARE(engineWords(english), english);
    language.set(QStringLiteral("zh_CN"));
    QString chinese = engineWords(english);
    QVERIFY2(chinese != english, qPrintable(english));
    QVERIFY(chinese.startsWith(QStringLiteral("x.gguf：")));
    static const QRegularExpression names(QStringLiteral("x\\.gguf|GGUF|Hadal|PyTorch|ZIP|MB|KB"));
    static const QRegularExpression word(QStringLiteral("[A-Za-z]{3,}"));
    QVERIFY2(!chinese.remove(names).contains(word), qPrintable(chinese));
  }

  // A whole file of an architecture that is missing.
  void anArchitectureThatIsMissing() {
    const auto text = [](const QByteArray& value) {
      const auto size = static_cast<quint64>(value.size());
      return QByteArray(reinterpret_cast<const char*>(&size), 8) + value;
    };
    const QByteArray bytes = QByteArray("GGUF\x03\x00\x00\x00", 8) + QByteArray(8, '\0') + QByteArray("\x01", 1) +
                             QByteArray(7, '\0') + text("general.architecture") + QByteArray("\x08\x00\x00\x00", 4) +
                             text("deepseek32") + QByteArray(64, '\0');
    QTemporaryDir folder;
    const QString english = loadError(folder.path(), QStringLiteral("x.gguf"), bytes);
    QVERIFY2(english.contains(QStringLiteral("lightning indexer")), qPrintable(english));
    Language language(QStringLiteral("zh_CN"));
    const QString chinese = engineWords(english);
    QVERIFY2(chinese.contains(QStringLiteral("带闪电索引器的稀疏注意力")), qPrintable(chinese));
    QVERIFY2(!chinese.contains(QStringLiteral("would need")), qPrintable(chinese));
  }

  // The starter model, cut off in the middle: the commonest of all faults.
  void aHalfDownload() {
    QFile whole(qEnvironmentVariable("HADAL_TEST_MODEL"));
    if (!whole.open(QIODevice::ReadOnly)) QSKIP("the starter model is not here");
    QTemporaryDir folder;
    const QString english = loadError(folder.path(), QStringLiteral("x.gguf"), whole.read(40'000'000));
    Language language(QStringLiteral("zh_CN"));
    QVERIFY2(engineWords(english).contains(QStringLiteral("请重新下载")), qPrintable(english));
  }

  // Mixtures of experts whose numbers disagree.
  void wrongExperts_data() {
    QTest::addColumn<QString>("english");
    QTest::newRow("count") << QStringLiteral(
        "x.gguf: deepseek.expert_used_count must be no more than deepseek.expert_count.");
    QTest::newRow("groups") << QStringLiteral(
        "x.gguf: qwen3moe.expert_count must be a multiple of qwen3moe.expert_group_count.");
    QTest::newRow("bias") << QStringLiteral("x.gguf: tensor blk.3.exp_probs_b.bias holds a value that is not finite.");
    QTest::newRow("no groups") << QStringLiteral(
        "x.gguf: deepseek2.expert_group_used_count must be at least 1 where there is deepseek2.expert_group_count.");
    QTest::newRow("drafts") << QStringLiteral(
        "x.gguf: deepseek2.nextn_predict_layers must be less than deepseek2.block_count.");
    QTest::newRow("a bias") << QStringLiteral(
        "x.gguf: tensor blk.2.exp_probs_b.bias is missing, though there is blk.1.exp_probs_b.bias: all layers with "
        "experts have one, or none.");
    QTest::newRow("gating") << QStringLiteral(
        "x.gguf: deepseek.expert_gating_func is 7; 1 (softmax) and 2 (sigmoid) are supported.");
  }
  void wrongExperts() {
    QFETCH(QString, english);
    Language language(QStringLiteral("zh_CN"));
    QString chinese = engineWords(english);
    static const QRegularExpression names(QStringLiteral("x\\.gguf|[a-z0-9]+\\.[a-z_0-9.]+|softmax|sigmoid"));
    static const QRegularExpression word(QStringLiteral("[A-Za-z]{3,}"));
    QVERIFY2(chinese != english && !chinese.remove(names).contains(word), qPrintable(chinese));
  }

  // Folders whose parts disagree: what their own files call it is said behind it.
  void wrongFolders_data() {
    QTest::addColumn<QString>("english");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* english, const char* expected) {
      QTest::newRow(name) << QString::fromUtf8(english) << QString::fromUtf8(expected);
    };
    row("own names", "m: tensor token_embd.weight is missing. The folder's own names: model.embed_tokens.weight.",
        "m：缺少张量 token_embd.weight。文件夹中的名称：model.embed_tokens.weight。");
    row("biases", "m: config.json: qkv_bias is false; this version knows this model with biases only.",
        "m：config.json：qkv_bias 为 false；此版本只支持带偏置的这种模型。");
    row("factor",
        "m: config.json: rope_parameters.attention_factor is 1.3, which this version does not know for this model; 1 "
        "is.",
        "m：config.json：rope_parameters.attention_factor 为 1.3，此版本对这种模型只支持 1。");
    row("output", "m: tensor a.o_proj.bias is there, but config.json does not say that attention_bias is true.",
        "m：存在张量 a.o_proj.bias，但 config.json 未将 attention_bias 设为 true。");
  }
  void wrongFolders() {
    QFETCH(QString, english);
    QFETCH(QString, expected);
    Language language(QStringLiteral("zh_CN"));
    QCOMPARE(engineWords(english), expected);
  }

  void unknownSentencesStay() {
    Language language(QStringLiteral("zh_CN"));
    const QString unknown = QStringLiteral("Nobody has said this before.");
    QCOMPARE(engineWords(unknown), unknown);
  }
};

QTEST_MAIN(EngineWordsTest)
#include "engine_words_test.moc"
