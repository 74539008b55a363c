#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

/// hadal-engine logits, generate and bench as scripts use them: output, exit codes, one sentence on stderr.
class ComputeToolsTest : public QObject {
  Q_OBJECT

  struct Outcome {
    int code = -1;
    QByteArray output, errors;
    QJsonObject json() const { return QJsonDocument::fromJson(output).object(); }
  };

  QTemporaryDir folder_;
  QString model_;

  static Outcome engine(const QStringList& arguments, const QStringList& environment = {}) {
    QProcess process;
    process.setEnvironment(QProcess::systemEnvironment() + environment);
    process.start(qEnvironmentVariable("HADAL_BIN_DIR") + "/hadal-engine", arguments);
    if (!process.waitForFinished(120'000) || process.exitStatus() != QProcess::NormalExit) return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
  }
  QString file(const QString& name, const QByteArray& content) const {
    QFile out(folder_.filePath(name));
    if (!out.open(QFile::WriteOnly) || out.write(content) != content.size()) qFatal("no scratch file");
    return out.fileName();
  }

 private slots:
  void initTestCase() {
    model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
    if (!QFile::exists(model_)) QSKIP("the starter model is not there");
  }

  void logits_are_written_as_floats() {
    const QString out = folder_.filePath("logits.bin");
    const Outcome whole = engine({"logits", model_, "--ids", "504,3575,282", "--out", out});
    QCOMPARE(whole.code, 0);
    QCOMPARE(whole.json(), (QJsonObject{{"tokens", 3}, {"vocab", 49152}}));
    QFile first(out);
    QVERIFY(first.open(QFile::ReadOnly));
    const QByteArray bytes = first.readAll();
    QCOMPARE(bytes.size(), qsizetype{3} * 49152 * 4);
    const Outcome stepped = engine({"logits", model_, "--ids=504,3575,282", "--out", out, "--step", "--device", "cpu"});
    QCOMPARE(stepped.code, 0);
    QFile second(out);
    QVERIFY(second.open(QFile::ReadOnly));
    QVERIFY(second.readAll() == bytes);  // the same to the last bit
  }

  void generates_text_and_json() {
    const QStringList prompt{"generate", model_, "--prompt", "1, 2, 3, 4,", "--max-tokens", "9"};
    const Outcome text = engine(prompt);
    QCOMPARE(text.code, 0);
    const Outcome json = engine(prompt + QStringList{"--json"});
    QCOMPARE(json.code, 0);
    QCOMPARE(json.json()["text"].toString().toUtf8() + "\n", text.output);
    QCOMPARE(json.json()["tokens"].toArray().size(), 9);
    QCOMPARE(json.json()["finish_reason"].toString(), "max_tokens");
    QCOMPARE(json.json()["generated_tokens"].toInt(), 9);
    QVERIFY(json.json()["decode_tokens_per_s"].toDouble() > 0);
    const Outcome stopped = engine(prompt + QStringList{"--json", "--stop", "7", "--stop", "6"});
    QCOMPARE(stopped.json()["finish_reason"].toString(), "stop_string");
    QVERIFY(!stopped.json()["text"].toString().contains('6'));
    const QStringList drawn = prompt + QStringList{"--temperature", "1.5", "--top-k", "50", "--top-p", "0.9", "--seed"};
    const QByteArray one = engine(drawn + QStringList{"1"}).output;
    QCOMPARE(engine(drawn + QStringList{"1"}).output, one);
    QVERIFY(engine(drawn + QStringList{"2"}).output != one);
  }

  void generates_from_messages() {
    const QString messages = file("m.json", R"([{"role": "user", "content": "What is the capital of France?"}])");
    const Outcome outcome = engine({"generate", model_, "--messages", messages, "--json"});
    QCOMPARE(outcome.code, 0);
    QVERIFY(outcome.json()["text"].toString().contains("Paris"));
    QCOMPARE(outcome.json()["finish_reason"].toString(), "end_of_text");
  }

  void bench_reports_its_figures() {
    const Outcome outcome = engine({"bench", model_, "--prompt", "64", "--generate", "4", "--depth", "32", "--threads",
                                    "1", "--repetitions", "1", "--json"});
    QCOMPARE(outcome.code, 0);
    const QJsonObject json = outcome.json();
    for (const char* key : {"prefill_tokens_per_s", "decode_tokens_per_s", "load_s", "peak_rss_bytes"}) {
      QVERIFY2(json[key].toDouble() > 0, key);
    }
    QCOMPARE(json["depth"].toInt(), 32);
    QCOMPARE(json["model"].toString(), QFileInfo(model_).fileName());
    QVERIFY(json["device"].toString().contains("1 thread"));
  }

  void forced_target_is_the_one_that_runs() {
    const QStringList arguments{"generate", model_, "--prompt", "The sea", "--max-tokens", "2", "--json"};
    const Outcome forced = engine(arguments, {"HADAL_CPU_TARGET=SSE2"});
    QCOMPARE(forced.code, 0);
    QVERIFY(forced.json()["device"].toString().endsWith("SSE2"));
    const Outcome unknown = engine(arguments, {"HADAL_CPU_TARGET=6502"});
    QCOMPARE(unknown.code, 1);
    QVERIFY(unknown.errors.contains("\"6502\""));
  }

  void refuses_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
      QTest::newRow(name) << arguments << code << QByteArray(says);
    };
    row("logits without ids", {"logits", "MODEL", "--out", "/dev/null"}, 2, "--ids");
    row("logits of nonsense", {"logits", "MODEL", "--ids", "1,x", "--out", "/dev/null"}, -1, "x");
    row("logits outside the vocabulary", {"logits", "MODEL", "--ids", "1,49152", "--out", "/dev/null"}, 1, "49152");
    row("logits to nowhere", {"logits", "MODEL", "--ids", "1", "--out", "/no/such/folder/f"}, 1, "/no/such/folder/f");
    row("logits on a full disk", {"logits", "MODEL", "--ids", "1", "--out", "/dev/full"}, 1, "/dev/full");
    row("unknown device", {"generate", "MODEL", "--prompt", "x", "--device", "abacus"}, 2, "abacus");
    row("device that is not there", {"generate", "MODEL", "--prompt", "x", "--device", "cuda"}, 1, "GPU");
    row("neither prompt nor messages", {"generate", "MODEL"}, 2, "--prompt");
    row("both prompt and messages", {"generate", "MODEL", "--prompt", "x", "--messages", "y"}, 2, "--messages");
    row("empty prompt", {"generate", "MODEL", "--prompt", ""}, 1, "no token");
    row("longer than the context", {"generate", "MODEL", "--prompt", "a b c d e f g h", "--context", "4"}, 1,
        "too long");
    row("messages that are not there", {"generate", "MODEL", "--messages", "/no/file"}, 1, "/no/file");
    row("top-p too large", {"generate", "MODEL", "--prompt", "x", "--top-p", "1.5"}, 2, "--top-p");
    row("bench without repetitions", {"bench", "MODEL", "--repetitions", "0"}, 2, "--repetitions");
    row("no model", {"bench", "/no/model.gguf"}, 1, "model.gguf");
  }
  void refuses() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QByteArray, says);
    arguments.replaceInStrings("MODEL", model_);
    const Outcome outcome = engine(arguments);
    if (code >= 0) {
      QCOMPARE(outcome.code, code);
    } else {
      QVERIFY(outcome.code == 1 || outcome.code == 2);
    }
    QVERIFY2(outcome.errors.contains(says), outcome.errors.constData());
    QVERIFY2(outcome.errors.startsWith("hadal-engine: ") && outcome.errors.count('\n') == 1,
             outcome.errors.constData());
    QVERIFY(outcome.output.isEmpty());
  }

  void broken_messages_are_told_apart_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("no JSON") << QByteArray("[{\"role\": \"user\",\n \"content\" 3}]")
                             << QByteArray("line 2, column 12");
    QTest::newRow("empty file") << QByteArray() << QByteArray("line 1");
    QTest::newRow("no list") << QByteArray("{\"role\": \"user\"}") << QByteArray("list");
    QTest::newRow("empty list") << QByteArray("[]") << QByteArray("list");
    QTest::newRow("no role") << QByteArray("[{\"content\": \"x\"}]") << QByteArray("\"role\" in message 1");
    QTest::newRow("wrong type") << QByteArray("[{\"role\": \"user\", \"content\": 1}]")
                                << QByteArray("\"content\" in message 1");
    QTest::newRow("no object") << QByteArray("[{\"role\": \"user\", \"content\": \"\"}, 7]") << QByteArray("message 2");
    QTest::newRow("unknown role") << QByteArray("[{\"role\": \"pirate\", \"content\": \"x\"}]") << QByteArray("pirate");
    QTest::newRow("deep") << QByteArray(100'000, '[') << QByteArray("line 1");
  }
  void broken_messages_are_told_apart() {
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, says);
    const Outcome outcome = engine({"generate", model_, "--messages", file("bad.json", content)});
    QCOMPARE(outcome.code, 1);
    QVERIFY2(outcome.errors.contains(says), outcome.errors.constData());
    QVERIFY(outcome.errors.count('\n') == 1);
  }
};

QTEST_GUILESS_MAIN(ComputeToolsTest)
#include "compute_tools_test.moc"
