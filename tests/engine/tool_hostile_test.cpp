#include <sys/stat.h>
#include <unistd.h>

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "support/engine_tool.h"

using namespace hadal;
using test::engine_tool;
using test::shell;
using test::ToolOutcome;

/// hadal-engine on files, streams and arguments that no well-meaning script would give it: it never hangs or crashes,
/// and says in one sentence what is wrong.
class ToolHostileTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString model_;

  QString file(const QString& name, const QByteArray& content) const {
    QFile out(folder_.filePath(name));
    if (!out.open(QFile::WriteOnly) || out.write(content) != content.size()) qFatal("no scratch file");
    return out.fileName();
  }
  QString pipe(const QString& name) const {
    const QString path = folder_.filePath(name);
    ::mkfifo(QFile::encodeName(path).constData(), 0600);
    return path;
  }

 private slots:
  void initTestCase() {
    model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
    if (!QFile::exists(model_)) QSKIP("the starter model is not there");
    QVERIFY(folder_.isValid());
  }

  void logits_go_to_regular_files_only_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("says");
    QTest::newRow("pipe that nobody reads") << pipe("out.pipe") << "is a pipe; the output must be a regular file";
    QTest::newRow("folder") << folder_.path() << "cannot be opened for writing: Is a directory";
    QTest::newRow("the test's pipe") << "/dev/stdout"
                                     << "is a pipe; the output must be a regular file";
    QTest::newRow("device") << "/dev/random"
                            << "is a device; the output must be a regular file";
    QTest::newRow("full") << "/dev/full"
                          << "/dev/full cannot be written: No space left on device";
    QTest::newRow("no folder") << "/no/such/f"
                               << "/no/such/f cannot be opened for writing: No such file or directory";
    QTest::newRow("the model") << folder_.filePath("copy.gguf") << "is read from";
  }
  void logits_go_to_regular_files_only() {
    QFETCH(QString, path);
    QFETCH(QString, says);
    const QString model = folder_.filePath("copy.gguf");
    QVERIFY(QFile::exists(model) || QFile::copy(model_, model));
    const ToolOutcome outcome = engine_tool({"logits", model, "--ids", "1", "--out", path});
    QVERIFY2(outcome.refused(1) && outcome.errors.contains(says.toUtf8()), outcome.errors.constData());
    QCOMPARE(QFileInfo(model).size(), QFileInfo(model_).size());
  }

  void logits_leave_files_as_they_were_when_they_fail() {
    const QString kept = file("kept", "old"), fresh = folder_.filePath("fresh");
    for (const QString& path : {kept, fresh}) {
      QVERIFY(engine_tool({"logits", model_, "--ids", "49152", "--out", path}).refused(1));
    }
    QCOMPARE(QFileInfo(kept).size(), 3);
    QVERIFY(!QFile::exists(fresh));
    const ToolOutcome limited = shell("ulimit -f 1; exec \"$E\" logits \"$1\" --ids 1 --out \"$2\"", {model_, fresh});
    QVERIFY2(limited.refused(1) && limited.errors.contains("File too large"), limited.errors.constData());
    QVERIFY(!QFile::exists(fresh));
    const ToolOutcome over = shell("ulimit -f 1; exec \"$E\" logits \"$1\" --ids 1 --out \"$2\"", {model_, kept});
    QVERIFY2(over.refused(1) && over.errors.contains("File too large"), over.errors.constData());
    QFile old(kept);
    QVERIFY(old.open(QIODevice::ReadOnly));
    QCOMPARE(old.readAll(), QByteArray("old"));
    // Nothing that was begun beside them stays either.
    QCOMPARE(QDir(folder_.path()).entryList({".hadal-*"}, QDir::Files | QDir::Hidden), QStringList());
    const QString link = folder_.filePath("link");
    QVERIFY(QFile::link(kept, link) && old.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ReadOther));
    const auto mode = QFileInfo(kept).permissions();
    QCOMPARE(engine_tool({"logits", model_, "--ids", "1", "--out", link}).code, 0);
    QVERIFY(QFileInfo(link).isSymLink());
    QCOMPARE(QFileInfo(kept).size(), 49152 * 4);
    QCOMPARE(QFileInfo(kept).permissions(), mode);
    const ToolOutcome done = engine_tool({"logits", model_, "--ids", "1", "--out", kept, "--json"});
    QCOMPARE(done.json(), (QJsonObject{{"tokens", 1}, {"vocab", 49152}}));
    QCOMPARE(QFileInfo(kept).size(), 49152 * 4);
    QCOMPARE(engine_tool({"logits", model_, "--ids", "1", "--out", "/dev/null"}).code, 0);
    const ToolOutcome both = shell("exec \"$E\" logits \"$1\" --ids 1 --out \"$2\" > \"$2\"", {model_, fresh});
    QVERIFY2(both.refused(1) && both.errors.contains("standard output"), both.errors.constData());
  }

  void refused_output_is_told_with_the_cause_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("cause");
    const QString full = "No space left on device", closed = "Bad file descriptor";
    QTest::newRow("answer") << R"sh("$E" generate "$1" --prompt a --max-tokens 4 > /dev/full)sh" << full;
    QTest::newRow("JSON") << R"sh("$E" generate "$1" --prompt a --max-tokens 4 --json > /dev/full)sh" << full;
    QTest::newRow("closed") << R"sh("$E" generate "$1" --prompt a --max-tokens 4 >&-)sh" << closed;
    QTest::newRow("help") << R"sh("$E" --help > /dev/full)sh" << full;
    // The model must not become the closed stream's number.
    QTest::newRow("all closed") << R"sh("$E" inspect "$1" <&- >&-)sh" << closed;
    QTest::newRow("reader that leaves") << R"sh(exec 3>&2; { "$E" generate "$1" --prompt '1, 2, 3' --max-tokens 64 2>&3
      echo $? > "$1.code"; } | head -c1 > /dev/null; exit "$(cat "$1.code")")sh"
                                        << "Broken pipe";
  }
  void refused_output_is_told_with_the_cause() {
    QFETCH(QString, line);
    QFETCH(QString, cause);
    const QString model = folder_.filePath("link.gguf");
    QVERIFY(QFile::exists(model) || QFile::link(model_, model));
    const ToolOutcome outcome = shell(line, {model});
    QCOMPARE(outcome.code, 1);
    QCOMPARE(outcome.errors, QByteArray("hadal-engine: The output cannot be written: " + cause.toUtf8() + ".\n"));
  }

  void text_that_is_no_utf8_is_refused() {
    const QString bad = file("bad.txt", "ab\xE4\xB8");
    struct {
      QString line, says;
    } const cases[] = {
        {R"sh("$E" tokenize "$1" --text "$(printf 'a\377')")sh",
         "--text is not valid UTF-8: the byte 0xFF at byte offset 1 "},
        {R"sh("$E" generate "$1" --prompt "$(printf 'a\300\257')")sh",
         "--prompt is not valid UTF-8: the byte 0xC0 at byte offset 1 "},
        {R"sh("$E" generate "$1" --prompt a --stop "$(printf '\200')")sh",
         "--stop is not valid UTF-8: the byte 0x80 at byte offset 0 "},
        {R"sh("$E" tokenize "$1" --file "$2")sh",
         "bad.txt is not valid UTF-8: the byte 0xE4 at byte offset 2 begins a character"},
        {R"sh("$E" generate "$1" --messages "$2")sh",
         "bad.txt is not valid UTF-8: the byte 0xE4 at byte offset 2 begins a character"},
    };
    for (const auto& [line, says] : cases) {
      const ToolOutcome outcome = shell(line, {model_, bad});
      QVERIFY2(outcome.refused(1) && outcome.errors.contains(says.toUtf8()), outcome.errors.constData());
    }
    // Text that the vocabulary has no token for is no reason to say that there was none.
    const ToolOutcome nothing = engine_tool({"generate", model_, "--prompt", "\x04"});
    QVERIFY2(nothing.refused(1) && nothing.errors.contains("no token for any of it"), nothing.errors.constData());
  }

  void text_files_are_regular_and_of_bounded_size() {
    const QString huge = folder_.filePath("huge");
    QFile sparse(huge);
    QVERIFY(sparse.open(QFile::WriteOnly) && sparse.resize(qint64{1} << 33));
    for (const QStringList& command : {QStringList{"tokenize", model_, "--file"}, {"generate", model_, "--messages"}}) {
      for (const auto& [path, says] : {std::pair<QString, QByteArray>{huge, "huge has 8.6 GB; at most "},
                                       {pipe("in.pipe"), "in.pipe is a pipe; it must be a regular file."},
                                       {folder_.path(), "is a folder; it must be a regular file."},
                                       {"/dev/zero", "/dev/zero is a device; it must be a regular file."}}) {
        const ToolOutcome outcome = engine_tool(command + QStringList{path});
        QVERIFY2(outcome.refused(1) && outcome.errors.contains(says), outcome.errors.constData());
      }
    }
    sparse.remove();
    // Files of the system have no size before they are read.
    QVERIFY(engine_tool({"tokenize", model_, "--file", "/proc/self/status", "--json"}).output.size() > 1000);
  }

  void model_cut_short_while_in_use_ends_with_a_sentence() {
    const QString model = folder_.filePath("shrinking.gguf");
    QVERIFY(QFile::copy(model_, model));
    QProcess process;
    process.start(test::engine_tool_path(),
                  {"generate", model, "--prompt", "1, 2, 3, 4, 5", "--max-tokens", "0", "--stop", "\x01"});
    QVERIFY(process.waitForReadyRead(60'000));  // the answer has begun: the model is loaded
    QVERIFY(QFile::resize(model, 1'000'000));
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 1);
    const QByteArray errors = process.readAllStandardError();
    // Named if a step's check saw it, not if a page was missing in the middle of one.
    QVERIFY2(errors.startsWith("hadal-engine: The model file "), errors);
    QVERIFY2(errors.contains(" was cut short while it was in use") && errors.count('\n') == 1, errors);
  }

  void longer_contexts_than_the_model_allows_are_cut_aloud() {
    const ToolOutcome outcome =
        engine_tool({"generate", model_, "--prompt", "a", "--max-tokens", "1", "--context", "9000"});
    QCOMPARE(outcome.code, 0);
    QCOMPARE(outcome.errors, QByteArray("hadal-engine: The context length 9000 is cut to 8192, the longest this model "
                                        "was trained for.\n"));
  }
};

QTEST_GUILESS_MAIN(ToolHostileTest)
#include "tool_hostile_test.moc"
