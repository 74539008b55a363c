#include <signal.h>

#include <QCryptographicHash>
#include <QDir>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using namespace hadal;
using test::engine_tool;
using test::ToolOutcome;

/// `hadal-engine synth`: models of published shapes with random weights.
class ToolSynthTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString model_;

  static QByteArray hash(const QString& path) {
    QFile file(path);
    if (!file.open(QFile::ReadOnly)) qFatal("%s", qPrintable(file.errorString()));
    QCryptographicHash sum(QCryptographicHash::Sha1);
    sum.addData(&file);
    return sum.result();
  }
  QStringList files() const { return QDir(folder_.path()).entryList(QDir::Files | QDir::Hidden | QDir::System); }

  QString written(const char* name, const QString& text) const {
    QFile file(folder_.filePath(name));
    if (!file.open(QFile::WriteOnly)) qFatal("%s", qPrintable(file.errorString()));
    file.write(text.toUtf8());
    return file.fileName();
  }

 private slots:
  void initTestCase() {
    model_ = folder_.filePath("model.gguf");
    const ToolOutcome made = engine_tool(
        {"synth", "r1-distill-qwen-1.5b", model_, "--type", "q2_k", "--layers", "1", "--threads", "2", "--json"});
    QVERIFY2(made.code == 0, made.errors.constData());
    QCOMPARE(made.json()["file_bytes"].toInteger(), QFileInfo(model_).size());
    QCOMPARE(files(), QStringList{"model.gguf"});
  }

  void a_seed_gives_the_same_file_with_any_number_of_threads() {
    const QString again = folder_.filePath("again.gguf");
    const QStringList common{"synth", "r1-distill-qwen-1.5b", again, "--type", "Q2_K", "--layers", "1"};
    QCOMPARE(engine_tool(common + QStringList{"--threads", "1"}).code, 0);
    QCOMPARE(hash(again), hash(model_));
    QCOMPARE(engine_tool(common + QStringList{"--seed", "2"}).code, 0);
    QVERIFY(hash(again) != hash(model_));
    QVERIFY(QFile::remove(again));
  }

  void says_what_it_is() {
    const QJsonObject info = engine_tool({"inspect", model_, "--json"}).json();
    QCOMPARE(info["architecture"].toString(), "qwen2");
    QCOMPARE(info["name"].toString(), "DeepSeek-R1-Distill-Qwen-1.5B shape, random weights");
    QCOMPARE(info["layers"].toInt(), 1);
    QCOMPARE(info["vocabulary"].toInt(), 151936);
    QCOMPARE(info["tokenizer"].toString(), "gpt2/deepseek-r1-qwen");
    QCOMPARE(info["tensor_types"].toObject()["Q6_K"].toInt(), 1);
  }

  /// Published counts; V3's 671.026 with the draft layer's 13.463: 11.507 of a layer with experts, 2 * 7168^2 of the
  /// projection, and a token table and an output of 129280 * 7168 each.
  void has_as_many_parameters_as_the_model_data() {
    QTest::addColumn<QString>("shape");
    QTest::addColumn<double>("billions");
    QTest::newRow("lite") << "deepseek-v2-lite" << 15.706;
    QTest::newRow("coder") << "deepseek-coder-v2-lite" << 15.706;
    QTest::newRow("v3") << "deepseek-v3" << 684.490;
    QTest::newRow("1.5b") << "r1-distill-qwen-1.5b" << 1.777;
    QTest::newRow("7b") << "r1-distill-qwen-7b" << 7.616;
  }
  void has_as_many_parameters_as_the_model() {
    QFETCH(QString, shape);
    QFETCH(double, billions);
    const QString path = folder_.filePath("forecast.gguf");
    const QJsonObject told = engine_tool({"synth", shape, path, "--type", "bf16", "--forecast", "--json"}).json();
    QCOMPARE(std::round(told["parameters"].toDouble() / 1e6) / 1e3, billions);
    // Two bytes each; vectors and routers take four, the vocabulary some megabytes.
    QVERIFY(std::abs(told["file_bytes"].toDouble() / (2e9 * billions) - 1) < 0.005);
    QVERIFY(!QFile::exists(path));
  }

  void any_text_is_encoded_and_decoded_to_itself() {
    QString text = "Hello, world! \t\r\n  你好，世界 — naïve café 🐋 ﷺ\u0301\u200D `x = y**2` 1234567890 [PAD7] Ġ";
    for (char32_t c = 1; c < 0x3000; c += 7) {
      if (c != '\r') text += QString::fromUcs4(&c, 1);
    }
    // Qwen's tokenizers compose their text first.
    text = text.normalized(QString::NormalizationForm_C);
    const QString file = written("text.txt", text);
    const ToolOutcome ids = engine_tool({"tokenize", model_, "--file", file, "--no-special", "--json"});
    QVERIFY2(ids.code == 0, ids.errors.constData());
    QStringList numbers;
    for (const auto& id : ids.json()["ids"].toArray()) numbers += QString::number(id.toInt());
    QVERIFY(numbers.size() > 100 && numbers.size() < text.toUtf8().size());
    const ToolOutcome back = engine_tool({"detokenize", model_, "--ids", numbers.join(","), "--no-special"});
    QCOMPARE(back.code, 0);
    QByteArray expected = text.toUtf8();
    if (numbers.first() == "151646") expected.prepend("<｜begin▁of▁sentence｜>");
    QVERIFY(back.output == expected || back.output == expected + "\n");
  }

  void special_tokens_have_their_published_ids() {
    const ToolOutcome ids =
        engine_tool({"tokenize", model_, "--text", "<｜User｜>你好<｜Assistant｜><think>", "--json"});
    const QJsonArray found = ids.json()["ids"].toArray();
    QVERIFY2(found.size() == 6, ids.output.constData());
    QCOMPARE(found[0].toInt(), 151646);
    QCOMPARE(found[1].toInt(), 151644);
    QCOMPARE(found[4].toInt(), 151645);
    QCOMPARE(found[5].toInt(), 151648);
  }

  void brings_the_family_s_template() {
    const QString messages = written("messages.json", R"([{"role": "user", "content": "Hi"}])");
    const ToolOutcome prompt = engine_tool({"template", model_, "--messages", messages});
    QCOMPARE(QString::fromUtf8(prompt.output), "<｜begin▁of▁sentence｜><｜User｜>Hi<｜Assistant｜><think>\n");
  }

  void answers() {
    const ToolOutcome answer = engine_tool({"generate", model_, "--prompt", "hello", "--max-tokens", "4", "--json"});
    QVERIFY2(answer.code == 0, answer.errors.constData());
  }

  void bad_orders_are_refused_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, QStringList arguments, int code, const char* says) {
      QTest::newRow(name) << QStringList{"synth"} + arguments << code << QString(says);
    };
    row("shape", {"deepseek-v9", "o.gguf", "--type", "q4_0"}, 2,
        "There is no shape \"deepseek-v9\"; there are deepseek-v2-lite,");
    row("no type", {"deepseek-v2-lite", "o.gguf"}, 2, "Which --type? There are F32,");
    row("type", {"deepseek-v2-lite", "o.gguf", "--type", "q9"}, 2, "There is no type \"q9\"; there are F32,");
    row("layers", {"deepseek-v2-lite", "o.gguf", "--type", "q4_0", "--layers", "28"}, 2, "--layers");
    row("folder", {"r1-distill-qwen-1.5b", "/no/such/o.gguf", "--type", "q4_0"}, 1,
        "/no/such/o.gguf cannot be written: No such file");
    row("device", {"r1-distill-qwen-1.5b", "/dev/null", "--type", "q4_0"}, 1,
        "is a device or pipe; the output must be a regular file");
    row("room", {"deepseek-v3", "FOLDER/o.gguf", "--type", "f32"}, 1, "needs 2.7 TB, and its disk has");
  }
  void bad_orders_are_refused() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, says);
    arguments.replaceInStrings("FOLDER", folder_.path());
    const QStringList before = files();
    const ToolOutcome outcome = engine_tool(arguments);
    QVERIFY2(outcome.refused(code) && outcome.errors.contains(says.toUtf8()), outcome.errors.constData());
    QCOMPARE(files(), before);
  }

  void a_disk_that_takes_no_more_leaves_nothing() {
    const QString path = folder_.filePath("limited.gguf");
    const QStringList before = files();
    const ToolOutcome limited =
        test::shell("ulimit -f 40000; exec \"$E\" synth r1-distill-qwen-1.5b \"$1\" --type q4_0 --layers 1", {path});
    QVERIFY2(limited.refused(1) && limited.errors.contains("cannot be written: File too large"),
             limited.errors.constData());
    QCOMPARE(files(), before);
  }

  void a_signal_ends_it_and_nothing_stays() {
    const QStringList before = files();
    QProcess process;
    process.start(test::engine_tool_path(),
                  {"synth", "r1-distill-qwen-7b", folder_.filePath("stopped.gguf"), "--type", "q4_0"});
    QVERIFY(process.waitForStarted());
    QVERIFY(QTest::qWaitFor([&] { return files().size() == before.size() + 1; }, 30000));
    QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGINT), 0);
    QVERIFY(process.waitForFinished());
    // By the signal itself, as a shell expects.
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
    QCOMPARE(process.exitCode(), SIGINT);
    QCOMPARE(files(), before);
  }
};

QTEST_GUILESS_MAIN(ToolSynthTest)
#include "tool_synth_test.moc"
