#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using namespace hadal;
using test::engine_tool;
using test::shell;
using test::ToolOutcome;

/// What the tools that write files do to the files around them, and how they end.
class ToolOutputTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString data_ = qEnvironmentVariable("HADAL_SOURCE_DIR") + "/tests/data/";
  QString moe_ = data_ + "tiny_moe/deepseek.gguf";

  QString path(const QString& name) const { return folder_.filePath(name); }
  static QByteArray content(const QString& name) {
    QFile in(name);
    return in.open(QFile::ReadOnly) ? in.readAll() : QByteArray("nothing");
  }
  QString text(const QString& name, int length) const {
    QFile out(path(name));
    if (!out.open(QFile::WriteOnly)) qFatal("%s", qPrintable(out.errorString()));
    for (int i = 0; i < length; ++i) out.putChar(static_cast<char>('#' + (i * i * 5 + i / 7) % 29));
    return out.fileName();
  }
  /// A folder as Hugging Face publishes them, with the text that is read in it.
  QString model_folder() const {
    const QString to = path("model"), from = data_ + "hugging_face/models/deepseek-v3/";
    if (QDir(to).exists()) return to;
    QDir().mkpath(to);
    for (const QString& name : QDir(from).entryList(QDir::Files)) {
      if (!QFile::copy(from + name, to + "/" + name)) qFatal("cannot copy %s", qPrintable(name));
    }
    QFile::copy(data_ + "hugging_face/tokenizers/byte.json", to + "/tokenizer.json");
    for (const QString& name : QDir(to).entryList(QDir::Files))
      QFile::setPermissions(to + "/" + name, QFile::ReadOwner | QFile::WriteOwner);
    return to;
  }

 private slots:
  void what_is_read_is_never_written_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("out");
    const QString folder = model_folder();
    const auto other_name = [&](const QString& of, const QString& name, auto make) {
      if (make(of.toUtf8().constData(), path(name).toUtf8().constData()) != 0) qFatal("no link");
      return path(name);
    };
    QTest::newRow("configuration") << folder << folder + "/config.json";
    QTest::newRow("weights") << folder << folder + "/model.safetensors";
    QTest::newRow("tokenizer") << folder << folder + "/tokenizer.json";
    QTest::newRow("model by its configuration") << folder + "/config.json" << folder + "/model.safetensors";
    QTest::newRow("symbolic link") << folder << other_name(folder + "/config.json", "soft", ::symlink);
    QTest::newRow("hard link") << folder << other_name(folder + "/tokenizer.json", "hard", ::link);
    QFile::copy(moe_, path("moe.gguf"));
    QTest::newRow("a single file") << path("moe.gguf") << path("moe.gguf");
  }
  void what_is_read_is_never_written() {
    QFETCH(QString, model);
    QFETCH(QString, out);
    const QByteArray before = content(out);
    for (const QStringList& command : {QStringList{"logits", model, "--ids", "1,2", "--out", out},
                                       {"imatrix", model, "--file", text("words", 40), "--out", out},
                                       {"quantize", model, out, "--type", "q8_0"}}) {
      const ToolOutcome outcome = engine_tool(command);
      QVERIFY2(outcome.refused(1) && outcome.errors.contains("is read from and left as it is"),
               outcome.errors.constData());
      QVERIFY2(content(out) == before, qPrintable(command.first()));
    }
  }

  void the_text_and_the_importance_are_read_too() {
    const QString words = text("text", 60), before = content(words);
    QVERIFY(engine_tool({"imatrix", moe_, "--file", words, "--out", words}).refused(1));
    QCOMPARE(content(words), before);
    QCOMPARE(engine_tool({"imatrix", moe_, "--file", words, "--out", path("matrix")}).code, 0);
    QVERIFY(engine_tool({"quantize", moe_, path("matrix"), "--type", "q8_0", "--imatrix", path("matrix")}).refused(1));
  }

  void a_matrix_of_another_model_is_refused() {
    QCOMPARE(engine_tool({"imatrix", moe_, "--file", text("text", 60), "--out", path("matrix")}).code, 0);
    const QString other = data_ + "tiny_models/llama.gguf", out = path("other.gguf");
    const ToolOutcome wrong = engine_tool({"quantize", other, out, "--type", "q8_0", "--imatrix", path("matrix")});
    static const QRegularExpression says(
        "The importance matrix is of another model: its blk\\.\\d\\.\\w+\\.weight has \\d+ columns, the model's has "
        "\\d+\\.\n$");
    QVERIFY2(wrong.refused(1) && says.match(QString::fromUtf8(wrong.errors)).hasMatch(), wrong.errors.constData());
    QVERIFY(!QFile::exists(out));
    const ToolOutcome none = engine_tool({"quantize", moe_, out, "--type", "q8_0", "--imatrix", text("text", 60)});
    QVERIFY2(none.refused(1) && none.errors.contains("text: this is no importance matrix"), none.errors.constData());
  }

  void a_forecast_speaks_of_what_would_be() {
    const ToolOutcome told = engine_tool({"quantize", moe_, path("f.gguf"), "--type", "q8_0", "--forecast"});
    QVERIFY2(told.code == 0 && told.output.startsWith(path("f.gguf").toUtf8() + " will take "),
             told.output.constData());
    QVERIFY(!told.output.contains(" in "));
    static const QRegularExpression bits(" \\d\\d?\\.\\d\\d? bits a weight"), seconds(" in \\d+\\.\\d\\d? s\n$");
    QVERIFY2(bits.match(QString::fromUtf8(told.errors)).hasMatch(), told.errors.constData());
    const ToolOutcome made = engine_tool({"quantize", moe_, path("f.gguf"), "--type", "q8_0"});
    QVERIFY2(seconds.match(QString::fromUtf8(made.output)).hasMatch(), made.output.constData());
  }

  void an_output_that_cannot_be_is_all_that_is_told() {
    for (const char* out : {"/dev/null", "/no/such/folder/x.gguf"}) {
      const ToolOutcome outcome = engine_tool({"quantize", moe_, out, "--type", "q4_k_m"});
      QVERIFY2(outcome.refused(1), outcome.errors.constData());
    }
    QVERIFY(engine_tool({"imatrix", moe_, "--file", text("text", 60), "--out", "/dev/null"}).refused(1));
  }

  void the_usual_window_is_no_ones_wish() {
    // A model that was trained for less than the usual window of 2048.
    QByteArray bytes = content(moe_);
    const QByteArray key("deepseek.context_length"), length("\4\0\0\0\0\x10\0\0", 8);  // u32, 4096
    const qsizetype at = bytes.indexOf(key + length);
    QVERIFY(at > 0);
    bytes[at + key.size() + 5] = 2;
    QFile shorter(path("short.gguf"));
    QVERIFY(shorter.open(QFile::WriteOnly) && shorter.write(bytes) == bytes.size() && shorter.flush());
    const QString words = text("text", 60), model = shorter.fileName();
    for (const QString command : {"perplexity", "experts"}) {
      const ToolOutcome usual = engine_tool({command, model, "--file", words});
      QVERIFY2(usual.code == 0 && usual.errors.isEmpty(), usual.errors.constData());
      const ToolOutcome wish = engine_tool({command, model, "--file", words, "--context", "2048"});
      QVERIFY2(wish.code == 0 && wish.errors.contains("2048 is cut to 512"), wish.errors.constData());
    }
  }

  void no_token_counts_twice_data() {
    QTest::addColumn<int>("window");
    QTest::addColumn<int>("counted");
    // The last token of every part chooses nothing: 200 tokens and one for the beginning, if the model wants it.
    QTest::newRow("parts of 40") << 40 << 5;
    QTest::newRow("a rest") << 60 << 4;
    QTest::newRow("one window") << 256 << 1;
  }
  void no_token_counts_twice() {
    QFETCH(int, window);
    QFETCH(int, counted);
    const QStringList more{"--file", text("long", 200), "--context", QString::number(window), "--json"};
    const QJsonObject json = engine_tool(QStringList{"experts", moe_} + more).json();
    const int whole = json["tokens_judged"].toInt() + 1, once = json["tokens_computed"].toInt();
    QVERIFY2(once <= whole - 1 && once >= whole - counted - 1, qPrintable(QString::number(once)));
    for (const auto& layer : json["layers"].toArray()) {
      int sum = 0;
      for (const auto& count : layer.toObject()["chosen"].toArray()) sum += count.toInt();
      QCOMPARE(sum, once * json["experts_used"].toInt());
    }
    QCOMPARE(engine_tool(QStringList{"perplexity", moe_} + more).json()["perplexity"], json["perplexity"]);
  }

  void parts_of_a_killed_process_go() {
    const QString words = text("text", 60), dead = path(".hadal-1-0.part"), live = path(".hadal-2-0.part"),
                  foreign = path(".hadal-notes.part"), out = path("cleaned");
    for (const QString& name : {dead, live, foreign}) {
      QFile part(name);
      QVERIFY(part.open(QFile::WriteOnly));
    }
    const int held = ::open(live.toUtf8().constData(), O_RDWR | O_CLOEXEC);
    QVERIFY(held >= 0 && ::flock(held, LOCK_EX | LOCK_NB) == 0);
    QCOMPARE(engine_tool({"imatrix", moe_, "--file", words, "--out", out}).code, 0);
    QVERIFY(!QFile::exists(dead) && QFile::exists(live) && QFile::exists(foreign));
    ::close(held);
    QCOMPARE(engine_tool({"quantize", moe_, path("cleaned.gguf"), "--type", "q8_0"}).code, 0);
    QVERIFY(!QFile::exists(live));
    QVERIFY(QFile::remove(foreign));
  }

  void a_running_tool_keeps_its_part() {
    const auto parts = [&] { return QDir(folder_.path()).entryList({".hadal-*.part"}, QDir::Files | QDir::Hidden); };
    QProcess slow;
    slow.start(test::engine_tool_path(), {"synth", "r1-distill-qwen-7b", path("slow.gguf"), "--type", "q4_0"});
    QVERIFY(QTest::qWaitFor([&] { return parts().size() == 1; }, 30000));
    QCOMPARE(engine_tool({"quantize", moe_, path("beside.gguf"), "--type", "q8_0"}).code, 0);
    QCOMPARE(parts().size(), 1);
    slow.kill();
    QVERIFY(slow.waitForFinished());
    QCOMPARE(parts().size(), 1);
    QCOMPARE(engine_tool({"quantize", moe_, path("beside.gguf"), "--type", "q8_0"}).code, 0);
    QCOMPARE(parts().size(), 0);
  }

  void a_signal_is_the_end_as_shells_know_it_data() {
    QTest::addColumn<QString>("signal");
    QTest::addColumn<int>("code");
    QTest::newRow("INT, which a script's background ignores") << "INT" << 130;
    QTest::newRow("TERM") << "TERM" << 143;
  }
  void a_signal_is_the_end_as_shells_know_it() {
    QFETCH(QString, signal);
    QFETCH(int, code);
    QDir(folder_.path()).mkdir(signal);
    // The part is there once signals wait.
    const ToolOutcome outcome = shell(
        "\"$E\" synth r1-distill-qwen-7b \"$1/o.gguf\" --type q4_0 & "
        "until ls -A \"$1\" | grep -q part; do kill -0 $! || exit 9; done; kill -s \"$2\" $!; wait $!",
        {path(signal), signal});
    QCOMPARE(outcome.code, code);
    QVERIFY2(outcome.errors.contains("hadal-engine: Stopped; nothing was kept.\n"), outcome.errors.constData());
    QVERIFY(QDir(path(signal)).isEmpty(QDir::Files | QDir::Hidden));
  }
};

QTEST_GUILESS_MAIN(ToolOutputTest)
#include "tool_output_test.moc"
