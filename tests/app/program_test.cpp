#include <sys/stat.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/command_line.h"
#include "app/profile/profile.h"
#include "hadal_process.h"
#include "mounts.h"
#include "prepared_profile.h"

using namespace hadal;

namespace {

const QString kAsk = QStringLiteral("--ask");
const QString kQuestion = QStringLiteral("What is the capital of France?");
const QString kStory = QStringLiteral("Tell me a long story about a whale, in ten chapters.");

void signalTo(const QProcess& process, int number) {
  ::kill(static_cast<pid_t>(process.processId()), number);
}

}  // namespace

/// The program as a person starts it, with the real model.
class ProgramTest : public QObject {
  Q_OBJECT

 public:
  explicit ProgramTest(Mounts& mounts) : mounts_(mounts) {}

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(qEnvironmentVariable("HADAL_TEST_MODEL")))
      QSKIP("The starter model is not there (./dev setup fetches it).");
  }
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    prepare();
  }

  void commandLine_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("wrong");
    QTest::newRow("nothing") << QStringList{} << QString();
    QTest::newRow("ask") << QStringList{kAsk, QStringLiteral("x")} << QString();
    QTest::newRow("empty question") << QStringList{kAsk, QStringLiteral(" ")} << QStringLiteral("needs a question");
    QTest::newRow("empty profile") << QStringList{QStringLiteral("--profile"), QString()}
                                   << QStringLiteral("needs a folder");
    QTest::newRow("both") << QStringList{kAsk, QStringLiteral("x"), QStringLiteral("--chat")}
                          << QStringLiteral("exclude");
    QTest::newRow("twice") << QStringList{kAsk, QStringLiteral("a"), kAsk, QStringLiteral("b")}
                           << QStringLiteral("--ask is given twice");
    QTest::newRow("json alone") << QStringList{QStringLiteral("--json")} << QStringLiteral("goes with --ask");
    QTest::newRow("unknown") << QStringList{QStringLiteral("--no-such")} << QStringLiteral("no-such");
    QTest::newRow("number") << QStringList{QStringLiteral("--threads"), QStringLiteral("many")}
                            << QStringLiteral("from 0 to 1024, not \"many\"");
    QTest::newRow("too many") << QStringList{QStringLiteral("--threads"), QStringLiteral("100000")}
                              << QStringLiteral("--threads takes a whole number from 0 to 1024, not \"100000\"");
    QTest::newRow("below") << QStringList{QStringLiteral("--threads"), QStringLiteral("-5")}
                           << QStringLiteral("from 0 to 1024, not \"-5\"");
    QTest::newRow("context") << QStringList{QStringLiteral("--context"), QStringLiteral("8193000")}
                             << QStringLiteral("--context takes a whole number from 0 to 1048576");
    QTest::newRow("no seed") << QStringList{kAsk, QStringLiteral("x"), QStringLiteral("--seed"), QStringLiteral("-1")}
                             << QStringLiteral("from 0 to 9223372036854775807, not \"-1\"");
    QTest::newRow("seed alone") << QStringList{QStringLiteral("--seed"), QStringLiteral("1")}
                                << QStringLiteral("--seed goes with --ask");
    QTest::newRow("language") << QStringList{QStringLiteral("--language"), QStringLiteral("tlh")}
                              << QStringLiteral("one of");
    QTest::newRow("two models") << QStringList{QStringLiteral("a.gguf"), QStringLiteral("b.gguf")}
                                << QStringLiteral("one model");
    QTest::newRow("words with ask") << QStringList{QStringLiteral("word"), kAsk, QStringLiteral("x")}
                                    << QStringLiteral("not understood");
  }
  void commandLine() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, wrong);
    const auto line = parseCommandLine(QStringList{QStringLiteral("hadal")} + arguments);
    QCOMPARE(line.error.isEmpty(), wrong.isEmpty());
    QVERIFY2(line.error.contains(wrong), qPrintable(line.error));
  }
  void wordsBecomeAQuestionAndAModel() {
    const auto line = parseCommandLine(
        {QStringLiteral("hadal"), QStringLiteral("why"), QStringLiteral("m.gguf"), QStringLiteral("not?")});
    QCOMPARE(line->text, QStringLiteral("why not?"));
    QCOMPARE(line->model, QDir::current().absoluteFilePath(QStringLiteral("m.gguf")));
  }

  void usageErrorsEndWithTwo() {
    const QString untouched = folder_->filePath(QStringLiteral("untouched"));
    HadalProcess program(untouched, {QStringLiteral("--no-such")}, false);
    QCOMPARE(program.run(), 2);
    QCOMPARE(program.err().count(u'\n'), 1);
    QVERIFY(!QDir(untouched).exists());
  }

  void aDisplayThatDoesNotAnswer_data() {
    QTest::addColumn<QString>("variable");
    QTest::addColumn<QString>("value");
    const QString x11 = QStringLiteral("DISPLAY"), wayland = QStringLiteral("WAYLAND_DISPLAY");
    QTest::newRow("local") << x11 << QStringLiteral(":7777");
    QTest::newRow("screen") << x11 << QStringLiteral("unix:7777.0");
    // Port 13777, in nobody's service list.
    QTest::newRow("host") << x11 << QStringLiteral("127.0.0.1:7777");
    QTest::newRow("no display at all") << x11 << QStringLiteral("nonsense");
    QTest::newRow("wayland") << wayland << QStringLiteral("no-such-socket");
    QTest::newRow("wayland, absolute") << wayland << QStringLiteral("/no/such/socket");
  }
  void aDisplayThatDoesNotAnswer() {
    QFETCH(QString, variable);
    QFETCH(QString, value);
    HadalProcess program(profile(), {});
    program.withoutDisplay();
    QProcessEnvironment environment = program.processEnvironment();
    environment.insert(variable, value);
    program.setProcessEnvironment(environment);
    QCOMPARE(program.run(20000), 2);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("The display %1 cannot be reached").arg(value)) &&
                 said.contains(QStringLiteral("--chat")) && said.count(u'\n') == 1,
             qPrintable(said));
  }

  void aPlatformThatNeedsNoDisplay() {
    HadalProcess program(profile(), {});
    QProcessEnvironment environment = program.processEnvironment();
    environment.insert(QStringLiteral("DISPLAY"), QStringLiteral(":7777"));
    program.setProcessEnvironment(environment);
    startAndWait(program);
    signalTo(program, SIGTERM);
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.err(), QString());
  }

  void outputThatCannotBeWritten_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("why");
    const QString full = QStringLiteral("hadal: The output cannot be written: No space left on device.\n");
    QTest::newRow("answer") << QStringLiteral("\"$@\" --ask Hello --max-tokens 4 >/dev/full") << full;
    QTest::newRow("events") << QStringLiteral("\"$@\" --ask Hello --max-tokens 4 --json >/dev/full") << full;
    QTest::newRow("chat") << QStringLiteral("echo Hello | \"$@\" --chat >/dev/full") << full;
    QTest::newRow("help") << QStringLiteral("\"$@\" --help >/dev/full") << full;
    QTest::newRow("closed") << QStringLiteral("\"$@\" --ask Hello --max-tokens 4 >&-")
                            << QStringLiteral("hadal: The output cannot be written: Bad file descriptor.\n");
    QTest::newRow("reader that leaves") << QStringLiteral(
                                               "mkfifo \"$0\"; : <\"$0\" & exec 3>\"$0\"; wait; "
                                               "\"$@\" --ask Hello --max-tokens 4 >&3")
                                        << QString();
  }
  void outputThatCannotBeWritten() {
    QFETCH(QString, line);
    QFETCH(QString, why);
    HadalProcess program(profile(), {});
    program.setArguments(
        QStringList{QStringLiteral("-c"), line, folder_->filePath(QStringLiteral("pipe")), program.program()} +
        program.arguments());
    program.setProgram(QStringLiteral("/bin/sh"));
    QCOMPARE(program.run(60000), 1);
    QCOMPARE(program.err(), why);
  }

  void answersWithASmallStack() {
    const QString fresh = folder_->filePath(QStringLiteral("small"));
    HadalProcess program(fresh, {kAsk, kQuestion, QStringLiteral("--max-tokens"), QStringLiteral("4")});
    program.setArguments(
        QStringList{QStringLiteral("-c"), QStringLiteral("ulimit -s 128; exec \"$0\" \"$@\""), program.program()} +
        program.arguments());
    program.setProgram(QStringLiteral("/bin/sh"));
    QCOMPARE(program.run(), 0);
    QVERIFY(!program.out().trimmed().isEmpty());
  }

  void withoutAUtf8Locale_data() {
    QTest::addColumn<QString>("all");
    QTest::addColumn<QString>("lang");
    QTest::addColumn<QString>("usage");
    const QString english = QStringLiteral("Usage:"), chinese = QStringLiteral("用法");
    QTest::newRow("none") << QString() << QString() << english;
    QTest::newRow("C") << QStringLiteral("C") << QStringLiteral("zh_CN.UTF-8") << english;
    QTest::newRow("not installed") << QStringLiteral("xx_XX.UTF-8") << QString() << english;
    QTest::newRow("Chinese, not installed") << QString() << QStringLiteral("zh_CN.GB18030") << chinese;
    QTest::newRow("Chinese for all") << QStringLiteral("zh_CN.no-such") << QString() << chinese;
  }
  void withoutAUtf8Locale() {
    QFETCH(QString, all);
    QFETCH(QString, lang);
    QFETCH(QString, usage);
    HadalProcess program(profile(), {QStringLiteral("--help")});
    QProcessEnvironment environment = program.processEnvironment();
    for (const auto* name : {"LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG", "LANGUAGE"})
      environment.remove(QLatin1String(name));
    if (!all.isEmpty()) environment.insert(QStringLiteral("LC_ALL"), all);
    if (!lang.isEmpty()) environment.insert(QStringLiteral("LANG"), lang);
    program.setProcessEnvironment(environment);
    QCOMPARE(program.run(), 0);
    QCOMPARE(program.err(), QString());
    const QString said = program.out();
    QVERIFY2(said.startsWith(usage), qPrintable(said));
  }

  void questionsThatAreNone_data() {
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("nothing") << qsizetype{0} << QStringLiteral("There is no question on the standard input.");
    QTest::newRow("too long") << qsizetype{(8 << 20) + 1} << QStringLiteral("is longer than 8 MB.");
  }
  void questionsThatAreNone() {
    QFETCH(qsizetype, size);
    QFETCH(QString, sentence);
    QFile question(folder_->filePath(QStringLiteral("question")));
    QVERIFY(question.open(QIODevice::WriteOnly) && question.write(QByteArray(size, 'a')) == size);
    question.close();
    HadalProcess program(profile(), {kAsk, QStringLiteral("-")});
    program.setStandardInputFile(question.fileName());
    QCOMPARE(program.run(), 2);
    const QString said = program.err();
    QVERIFY2(said.contains(sentence) && said.count(u'\n') == 1, qPrintable(said));
  }

  void asks() {
    HadalProcess program(profile(), {kAsk, kQuestion});
    QCOMPARE(program.run(), 0);
    const QString answer = program.out();
    QCOMPARE(program.err(), QString());
    QVERIFY(answer.endsWith(u'\n') && answer.size() > 2);
    const QList<Message> messages = all();
    QCOMPARE(messages.size(), 2);
    QCOMPARE(messages[0].content, kQuestion);
    QCOMPARE(messages[1].content.trimmed(), answer.trimmed());
    QCOMPARE(messages[1].state, MessageState::Done);
    QVERIFY(messages[1].tokens > 0);
    // It ended well.
    QVERIFY(!QFile::exists(profile() + QStringLiteral("/hadal.db-wal")));
  }

  void nobodyElseCanLookIn() {
    const QString fresh = folder_->filePath(QStringLiteral("deep/er"));
    Profile made(fresh);
    QCOMPARE(QFileInfo(fresh).permissions() & (QFile::ReadOther | QFile::ExeOther | QFile::ReadGroup),
             QFile::Permissions());
  }

  void filesAreNobodyElses() {
    const QString fresh = folder_->filePath(QStringLiteral("private"));
    const auto mode = [&](const QString& name) {
      struct stat status {};
      return ::stat(QFile::encodeName(fresh + name).constData(), &status) == 0 ? status.st_mode & 0777 : 0U;
    };
    HadalProcess program(fresh, {kAsk, kStory, QStringLiteral("--json")});
    // The most permissive mask there is.
    program.setChildProcessModifier([] { ::umask(0); });
    program.start();
    program.event();
    QVERIFY(program.event().contains(QStringLiteral("delta")));
    QCOMPARE(mode({}), 0700U);
    for (const auto* name : {"/hadal.db", "/hadal.db-wal", "/hadal.db-shm", "/lock"})
      QCOMPARE(mode(QLatin1String(name)), 0600U);
    signalTo(program, SIGTERM);
    QVERIFY(program.waitForFinished());
    QCOMPARE(mode(QStringLiteral("/backups")), 0700U);
    const QStringList backups = QDir(fresh + QStringLiteral("/backups")).entryList(QDir::Files);
    QCOMPARE(backups.size(), 1);
    QCOMPARE(mode(QStringLiteral("/backups/") + backups[0]), 0600U);
    // What an earlier version made.
    for (const QString& name : {QStringLiteral("/hadal.db"), QStringLiteral("/backups/") + backups[0]})
      QCOMPARE(::chmod(QFile::encodeName(fresh + name).constData(), 0644), 0);
    QCOMPARE(::chmod(QFile::encodeName(fresh + QStringLiteral("/backups")).constData(), 0755), 0);
    QCOMPARE(HadalProcess(fresh, {kAsk, kQuestion, QStringLiteral("--max-tokens"), QStringLiteral("2")}).run(), 0);
    QCOMPARE(mode(QStringLiteral("/hadal.db")), 0600U);
    QCOMPARE(mode(QStringLiteral("/backups")), 0700U);
    QCOMPARE(mode(QStringLiteral("/backups/") + backups[0]), 0600U);
  }

  void whatIsNoProfile() {
    for (const QString& path : {QStringLiteral("/dev/null"), qEnvironmentVariable("HADAL_TEST_MODEL")}) {
      HadalProcess program(path, {kAsk, kQuestion, QStringLiteral("--max-tokens"), QStringLiteral("2")});
      program.run();
      const QString said = program.err();
      QVERIFY2(said.contains(path + QStringLiteral(" is not a folder")), qPrintable(said));
      QCOMPARE(said.count(u'\n'), 1);
    }
  }

  void whatIsNoDatabase_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("pipe");
    QTest::newRow("pipe") << QStringLiteral("hadal.db") << true;
    QTest::newRow("folder") << QStringLiteral("hadal.db") << false;
    QTest::newRow("pipe as log") << QStringLiteral("hadal.db-wal") << true;
  }
  void whatIsNoDatabase() {
    QFETCH(QString, name);
    QFETCH(bool, pipe);
    const QString fresh = folder_->filePath(QStringLiteral("fresh"));
    QDir().mkpath(fresh);
    const QByteArray path = QFile::encodeName(fresh + u'/' + name);
    QCOMPARE(pipe ? ::mkfifo(path.constData(), 0600) : ::mkdir(path.constData(), 0700), 0);
    HadalProcess program(fresh, {kAsk, kQuestion});
    QCOMPARE(program.run(20000), 1);
    const QString said = program.err();
    QVERIFY2(said.contains(pipe ? QStringLiteral("is a pipe") : QStringLiteral("is a folder")) &&
                 said.contains(QFile::decodeName(path)) && said.contains(QStringLiteral("--profile")),
             qPrintable(said));
    QCOMPARE(said.count(u'\n'), 1);
  }

  void aFullDiskThatNothingWasKeptOn() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    const QString disk = folder_->filePath(QStringLiteral("disk"));
    QVERIFY(mounts_.tmpfs(disk, 1024));
    QFile filler(disk + QStringLiteral("/filler"));
    QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    while (filler.write(QByteArray(4096, 'x')) > 0) {
    }
    const QString fresh = disk + QStringLiteral("/profile");
    HadalProcess program(fresh, {kAsk, kQuestion, QStringLiteral("--max-tokens"), QStringLiteral("2")});
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("is full")) && !said.contains(QStringLiteral("kept before")),
             qPrintable(said));
    QCOMPARE(QDir(fresh).entryList({QStringLiteral("hadal.db*")}), QStringList());
    mounts_.release(disk);
  }

  void asksInEvents() {
    HadalProcess program(profile(), {kAsk, kQuestion, QStringLiteral("--json")});
    program.start();
    const QJsonObject first = program.event();
    const MessageId id = first[QStringLiteral("message")].toInteger();
    QVERIFY(id > 0);
    QString text;
    QJsonObject event = program.event();
    for (; event.contains(QStringLiteral("delta")); event = program.event())
      text += event[QStringLiteral("delta")].toString();
    QCOMPARE(event[QStringLiteral("finished")].toString(), QStringLiteral("done"));
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.exitCode(), 0);
    QCOMPARE(all().last().id, id);
    QCOMPARE(all().last().content, text);
  }

  void saysThatTheModelHoldsLess() {
    HadalProcess program(profile(),
                         {kAsk, kQuestion, QStringLiteral("--max-tokens"), QStringLiteral("2"),
                          QStringLiteral("--context"), QStringLiteral("20000")},
                         true);
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("made for 8,192")), qPrintable(said));
    QCOMPARE(said.count(u'\n'), 1);
  }

  void failuresAreOneSentence_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<int>("problem");
    QTest::newRow("missing model") << QStringList{QStringLiteral("--model"), QStringLiteral("/no/such.gguf")}
                                   << QStringLiteral("/no/such.gguf") << static_cast<int>(MessageProblem::ModelFailed);
    QTest::newRow("too long") << QStringList{QStringLiteral("--model"), qEnvironmentVariable("HADAL_TEST_MODEL"),
                                             QStringLiteral("--context"), QStringLiteral("16")}
                              << QStringLiteral("16") << static_cast<int>(MessageProblem::PromptTooLong);
  }
  void failuresAreOneSentence() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, sentence);
    QFETCH(int, problem);
    HadalProcess program(profile(), QStringList{kAsk, kQuestion} + arguments, false);
    QCOMPARE(program.run(), 1);
    const QString said = program.err();
    QCOMPARE(said.count(u'\n'), 1);
    QVERIFY2(said.contains(sentence), qPrintable(said));
    QCOMPARE(program.out(), QString());
    QCOMPARE(all().last().state, MessageState::Failed);
    QCOMPARE(static_cast<int>(all().last().problem), problem);
  }

  void failuresAreEventsToo() {
    HadalProcess program(
        profile(),
        {kAsk, kQuestion, QStringLiteral("--json"), QStringLiteral("--model"), QStringLiteral("/no/such.gguf")}, false);
    QCOMPARE(program.run(), 1);
    const MessageId id = program.event()[QStringLiteral("message")].toInteger();
    QVERIFY(program.event()[QStringLiteral("error")].toString().contains(QStringLiteral("/no/such.gguf")));
    const QJsonObject last = program.event();
    QCOMPARE(last[QStringLiteral("finished")].toString(), QStringLiteral("failed"));
    QCOMPARE(last[QStringLiteral("message")].toInteger(), id);
    QVERIFY(program.event().isEmpty());
  }

  void speaksChinese_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::newRow("help") << QStringList{QStringLiteral("--help")} << 0;
    QTest::newRow("unknown option") << QStringList{QStringLiteral("--no-such")} << 2;
    QTest::newRow("range") << QStringList{QStringLiteral("--threads"), QStringLiteral("-5")} << 2;
    QTest::newRow("missing model") << QStringList{kAsk, kQuestion, QStringLiteral("--model"),
                                                  QStringLiteral("/no/such.gguf")}
                                   << 1;
    QTest::newRow("no display") << QStringList{} << 2;
  }
  void speaksChinese() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    HadalProcess program(profile(), arguments + QStringList{QStringLiteral("--language"), QStringLiteral("zh_CN")},
                         false);
    if (arguments.isEmpty()) program.withoutDisplay();
    QCOMPARE(program.run(), code);
    const QString said = program.out() + program.err();
    static const QRegularExpression chinese(QStringLiteral("[\\x{4e00}-\\x{9fff}]"));
    static const QRegularExpression english(QStringLiteral("\\b(the|is|cannot|takes|option|such)\\b(?!\\.gguf)"));
    QVERIFY2(said.contains(chinese), qPrintable(said));
    QString rest = said;
    rest.remove(QStringLiteral("/no/such.gguf")).remove(QStringLiteral("no-such"));
    QVERIFY2(!rest.contains(english), qPrintable(said));
  }

  void bytesThatAreNoTextAreSaid() {
    const QString script = QStringLiteral("exec \"$0\" \"$@\" --ask \"$(printf 'Say \\377 once.')\"");
    HadalProcess program(profile(), {QStringLiteral("--max-tokens"), QStringLiteral("2")});
    program.setArguments(QStringList{QStringLiteral("-c"), script, program.program()} + program.arguments());
    program.setProgram(QStringLiteral("/bin/sh"));
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("U+FFFD")) && said.count(u'\n') == 1, qPrintable(said));
    QCOMPARE(all().first().content, QStringLiteral("Say \uFFFD once."));

    HadalProcess piped(profile(), {kAsk, QStringLiteral("-"), QStringLiteral("--max-tokens"), QStringLiteral("2")});
    piped.start();
    piped.write(QByteArray("Say \0 and \xc3\x28 twice.", 19));
    piped.closeWriteChannel();
    QVERIFY(piped.waitForFinished(60000));
    QCOMPARE(piped.exitCode(), 0);
    QVERIFY(piped.err().contains(QStringLiteral("U+FFFD")));
    QCOMPARE(all().value(2).content, QStringLiteral("Say \uFFFD and \uFFFD( twice."));
  }

  void withoutStandardStreams() {
    for (const auto* closing : {"--chat <&-", "--ask Hello --max-tokens 2 >&-"}) {
      HadalProcess program(profile(), {});
      const QString script = QStringLiteral("exec \"$0\" \"$@\" ") + QLatin1String(closing);
      program.setArguments(QStringList{QStringLiteral("-c"), script, program.program()} + program.arguments());
      program.setProgram(QStringLiteral("/bin/sh"));
      QCOMPARE(program.run(20000), QLatin1String(closing).startsWith(QLatin1String("--chat")) ? 0 : 1);
    }
  }

  void aLimitOnFileSizesIsNoEnd() {
    HadalProcess program(folder_->filePath(QStringLiteral("limited")), {kAsk, kQuestion});
    const QString script = QStringLiteral("ulimit -f 20; exec \"$0\" \"$@\"");
    program.setArguments(QStringList{QStringLiteral("-c"), script, program.program()} + program.arguments());
    program.setProgram(QStringLiteral("/bin/sh"));
    QVERIFY(program.run(60000) >= 0);
    QVERIFY(!program.err().isEmpty());
  }

  void theSameSeedAnswersAlike() {
    QStringList answers;
    for (const auto* seed : {"7", "7", "8"}) {
      HadalProcess program(folder_->filePath(QStringLiteral("warm")),
                           {kAsk, kStory, QStringLiteral("--max-tokens"), QStringLiteral("12"),
                            QStringLiteral("--seed"), QString::fromLatin1(seed)});
      QCOMPARE(program.run(), 0);
      answers << program.out();
    }
    QCOMPARE(answers[0], answers[1]);
    QVERIFY2(answers[0] != answers[2], qPrintable(answers[0]));
  }

  void withoutAnyModel() {
    // Beside this copy of the program there is none.
    QDir(folder_->path()).mkpath(QStringLiteral("bin"));
    const QString copy = folder_->filePath(QStringLiteral("bin/hadal"));
    QVERIFY(QFile::copy(qEnvironmentVariable("HADAL_BIN_DIR") + QStringLiteral("/hadal"), copy));
    HadalProcess program(profile(), {kAsk, kQuestion}, false);
    program.setProgram(copy);
    QCOMPARE(program.run(), 1);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("--model")), qPrintable(said));
    QCOMPARE(all().last().problem, MessageProblem::NoModel);
    // One in the profile is found.
    QDir(profile()).mkpath(QStringLiteral("models"));
    QVERIFY(QFile::link(qEnvironmentVariable("HADAL_TEST_MODEL"), profile() + QStringLiteral("/models/m.gguf")));
    HadalProcess again(profile(), {kAsk, kQuestion}, false);
    again.setProgram(copy);
    QCOMPARE(again.run(), 0);
  }

  void endsWellOnSignals_data() {
    QTest::addColumn<int>("number");
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGHUP") << SIGHUP;
  }
  void endsWellOnSignals() {
    QFETCH(int, number);
    HadalProcess program(profile(), {kAsk, kStory, QStringLiteral("--json")});
    program.start();
    program.event();
    const QString text = program.event()[QStringLiteral("delta")].toString();
    QVERIFY(!text.isEmpty());
    signalTo(program, number);
    QVERIFY(program.waitForFinished(10000));
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), 128 + number);
    QVERIFY(!QFile::exists(profile() + QStringLiteral("/hadal.db-wal")));
    QCOMPARE(all().last().state, MessageState::Interrupted);
    QVERIFY2(all().last().content.startsWith(text), qPrintable(all().last().content));
  }

  // Another program rewrites the model's file while it answers.
  void survivesAModelThatIsCutShort_data() {
    QTest::addColumn<qint64>("left");
    QTest::newRow("nothing is left") << qint64{0};
    QTest::newRow("the header is left") << qint64{2'000'000};
  }
  void survivesAModelThatIsCutShort() {
    QFETCH(qint64, left);
    const QString model = folder_->filePath(QStringLiteral("short.gguf"));
    QFile::remove(model);
    QVERIFY(QFile::copy(qEnvironmentVariable("HADAL_TEST_MODEL"), model));
    QVERIFY(QFile::setPermissions(model, QFile::ReadOwner | QFile::WriteOwner));
    HadalProcess program(profile(), {kAsk, kStory, QStringLiteral("--json"), QStringLiteral("--model"), model}, false);
    program.start();
    program.event();
    QString text = program.event()[QStringLiteral("delta")].toString();
    QVERIFY(!text.isEmpty());
    QVERIFY(QFile::resize(model, left));
    QJsonObject event = program.event();
    for (; event.contains(QStringLiteral("delta")); event = program.event())
      text += event[QStringLiteral("delta")].toString();
    QVERIFY2(event[QStringLiteral("error")].toString().contains(QStringLiteral("cut short while it was in use")),
             qPrintable(event[QStringLiteral("error")].toString()));
    QVERIFY(program.waitForFinished(10000));
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), 1);
    QCOMPARE(all().last().state, MessageState::Failed);
    QCOMPARE(all().last().content, text);
  }

  void chatsThroughAPipe() {
    HadalProcess program(profile(), {QStringLiteral("--chat")});
    program.start();
    program.write("What is the capital of France?\nAnd of Japan?\n/new\nHello.\n/list\n/open 2\n/nonsense\n");
    program.closeWriteChannel();
    QVERIFY(program.waitForFinished(120000));
    QCOMPARE(program.exitCode(), 0);
    const QString out = program.out();
    QCOMPARE(out.count(QStringLiteral("> What is the capital of France?")), 2);  // Asked, then shown by /open.
    // The locale here is C, which has no way to write dates.
    static const QRegularExpression listed(QStringLiteral("   1  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  "));
    QVERIFY2(out.contains(listed) && out.contains(QStringLiteral("no command /nonsense")), qPrintable(out));
    const QList<Message> messages = all();
    QCOMPARE(messages.size(), 6);
    QCOMPARE(messages[2].parent, messages[1].id);
    QCOMPARE(messages[4].parent, 0);
  }

  void ctrlCStopsTheAnswerThenTheChat() {
    HadalProcess program(profile(), {QStringLiteral("--chat")});
    program.start();
    program.write((kStory + u'\n').toUtf8());
    QByteArray out;
    QVERIFY(QTest::qWaitFor(
        [&] {
          program.waitForReadyRead(20);
          return (out += program.readAll()).size() > kStory.size() + 20;
        },
        60000));
    signalTo(program, SIGINT);
    QVERIFY(QTest::qWaitFor(
        [&] {
          program.waitForReadyRead(20);
          return (out += program.readAll()).contains("(stopped)");
        },
        10000));
    QCOMPARE(program.state(), QProcess::Running);
    signalTo(program, SIGINT);
    QVERIFY(program.waitForFinished(10000));
    QCOMPARE(program.exitCode(), 130);
    QCOMPARE(all().last().state, MessageState::Stopped);
  }

  void aSecondWindowHandsOver() {
    HadalProcess first(profile(), {});
    startAndWait(first);
    HadalProcess second(profile(), {QStringLiteral("why?")});
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(second.run(), 0);
    QVERIFY(timer.elapsed() < 2000);
    QCOMPARE(first.state(), QProcess::Running);
  }

  void aLaterQuestionIsAnsweredByTheFirst() {
    HadalProcess first(profile(), {});
    startAndWait(first);
    HadalProcess second(profile(), {kAsk, kQuestion, QStringLiteral("--json")});
    QCOMPARE(second.run(), 0);
    const MessageId id = second.event()[QStringLiteral("message")].toInteger();
    QVERIFY(id > 0);
    HadalProcess other(profile(), {kAsk, kQuestion, QStringLiteral("--model"), QStringLiteral("/other.gguf")}, false);
    QCOMPARE(other.run(), 1);
    QVERIFY(other.err().contains(QStringLiteral("another model")));
    signalTo(first, SIGTERM);
    QVERIFY(first.waitForFinished());
    QCOMPARE(all().last().id, id);
    QCOMPARE(all().last().state, MessageState::Done);
  }

  void anAskerThatLeavesStopsItsAnswer() {
    HadalProcess first(profile(), {});
    startAndWait(first);
    HadalProcess second(profile(), {kAsk, kStory, QStringLiteral("--json")});
    second.start();
    second.event();
    QVERIFY(second.event().contains(QStringLiteral("delta")));
    second.kill();
    second.waitForFinished();
    // The first is free again: the next answer comes.
    HadalProcess third(profile(), {kAsk, kQuestion});
    QCOMPARE(third.run(), 0);
    signalTo(first, SIGTERM);
    QVERIFY(first.waitForFinished());
    QCOMPARE(all().value(1).state, MessageState::Stopped);
  }

  void twoQuestionsAtOnce() {
    HadalProcess first(profile(), {kAsk, kStory, QStringLiteral("--json")});
    first.start();
    QVERIFY(first.event().contains(QStringLiteral("message")));
    HadalProcess second(profile(), {kAsk, kQuestion});
    QCOMPARE(second.run(), 0);
    signalTo(first, SIGINT);
    QVERIFY(first.waitForFinished());
    QCOMPARE(all().size(), 4);
  }

  void aHungFirstLeavesTheSecondReadOnly() {
    HadalProcess first(profile(), {});
    startAndWait(first);
    signalTo(first, SIGSTOP);
    HadalProcess second(profile(), {kAsk, kQuestion});
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(second.run(), 0);
    const QString said = second.err();
    QVERIFY2(said.contains(QStringLiteral("does not answer")) && said.contains(QStringLiteral("nothing of it is kept")),
             qPrintable(said));
    QVERIFY(!second.out().isEmpty());
    signalTo(first, SIGCONT);
    // Awake, it answers what it is asked now, and only that.
    HadalProcess third(profile(), {kAsk, QStringLiteral("Hello.")});
    QCOMPARE(third.run(), 0);
    QCOMPARE(third.err(), QString());
    signalTo(first, SIGTERM);
    QVERIFY(first.waitForFinished());
    QCOMPARE(all().size(), 2);
    QCOMPARE(all().first().content, QStringLiteral("Hello."));
  }

  void aKilledFirstLeavesNoLock() {
    {
      HadalProcess first(profile(), {});
      startAndWait(first);
      first.kill();
      QVERIFY(first.waitForFinished());
    }
    QVERIFY(QFile::exists(profile() + QStringLiteral("/lock")));
    Profile next(profile());
    QCOMPARE(next.accessMode(), Profile::Access::Writable);
  }

  void theLockHoldsWithinOneProgramToo() {
    Profile first(profile());
    QCOMPARE(first.accessMode(), Profile::Access::Writable);
    Profile second(profile());
    QCOMPARE(second.accessMode(), Profile::Access::Taken);
    QCOMPARE(second.owner(), QCoreApplication::applicationPid());
    QCOMPARE(second.serverName(), first.serverName());
    // By another name it is the same.
    const QString link = folder_->filePath(QStringLiteral("link"));
    QVERIFY(QFile::link(profile(), link));
    QCOMPARE(Profile(link).accessMode(), Profile::Access::Taken);
  }

  void aReadOnlyProfileIsReadAndAnswers() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    QVERIFY(mounts_.tmpfs(profile(), 65536));
    prepare();
    HadalProcess before(profile(), {kAsk, kQuestion});
    QCOMPARE(before.run(), 0);
    QVERIFY(mounts_.makeReadOnly(profile()));
    HadalProcess program(profile(), {kAsk, QStringLiteral("Hello.")});
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("read-only file system")) &&
                 said.contains(QStringLiteral("nothing of it is kept")),
             qPrintable(said));
    HadalProcess chat(profile(), {QStringLiteral("--chat")});
    chat.start();
    chat.write("/open 1\n");
    chat.closeWriteChannel();
    QVERIFY(chat.waitForFinished());
    QVERIFY(chat.out().contains(QStringLiteral("> ") + kQuestion));
    mounts_.release(profile());
  }

  void aFullDiskIsSaidAndNothingIsLost() {
    if (!mounts_.possible()) QSKIP(mounts_.reason());
    QVERIFY(mounts_.tmpfs(profile(), 2048));
    prepare();
    QCOMPARE(HadalProcess(profile(), {kAsk, kQuestion}).run(), 0);
    QFile filler(profile() + QStringLiteral("/filler"));
    QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    while (filler.write(QByteArray(4096, 'f')) == 4096) {
    }
    HadalProcess program(profile(), {kAsk, kQuestion});
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("is full")) && said.contains(QStringLiteral("nothing is kept")),
             qPrintable(said));
    filler.remove();
    QCOMPARE(all().size(), 2);
    HadalProcess again(profile(), {kAsk, kQuestion});
    QCOMPARE(again.run(), 0);
    QCOMPARE(all().size(), 4);
    mounts_.release(profile());
  }

  void anotherDatabaseIsRefusedOnce_data() {
    QTest::addColumn<QString>("change");
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("language");
    QTest::addColumn<QString>("sentence");
    const QString newer = QStringLiteral("PRAGMA user_version=99");
    const QString foreign = QStringLiteral("PRAGMA application_id=7");
    QTest::newRow("newer, asked") << newer << QStringList{kAsk, kQuestion} << "en" << QStringLiteral("newer Hadal (");
    QTest::newRow("newer, events") << newer << QStringList{kAsk, kQuestion, QStringLiteral("--json")} << "en"
                                   << QStringLiteral("newer Hadal (");
    QTest::newRow("newer, chat") << newer << QStringList{QStringLiteral("--chat")} << "en"
                                 << QStringLiteral("newer Hadal (");
    QTest::newRow("foreign, asked") << foreign << QStringList{kAsk, kQuestion} << "en"
                                    << QStringLiteral("of another program");
    QTest::newRow("foreign, chat in Chinese")
        << foreign << QStringList{QStringLiteral("--chat")} << "zh_CN" << QStringLiteral("其他程序");
  }
  void anotherDatabaseIsRefusedOnce() {
    QFETCH(QString, change);
    QFETCH(QStringList, arguments);
    QFETCH(QString, language);
    QFETCH(QString, sentence);
    {
      Connection connection;
      QVERIFY(connection.open(profile() + QStringLiteral("/hadal.db"), Connection::Access::ReadWrite));
      QVERIFY(connection.execute(change));
    }
    HadalProcess program(profile(), arguments + QStringList{QStringLiteral("--language"), language});
    program.start();
    program.write("Hello?\n");
    program.closeWriteChannel();
    QVERIFY(program.waitForFinished(60000));
    QCOMPARE(program.exitCode(), 1);
    const QString said = program.err();
    QCOMPARE(said.count(u'\n'), 1);
    QVERIFY2(said.contains(sentence), qPrintable(said));
  }

 private:
  void prepare() { profile_ = std::make_unique<PreparedProfile>(folder_->filePath(QStringLiteral("profile"))); }
  QString profile() const { return profile_->path(); }
  void startAndWait(HadalProcess& program) { profile_->startAndWait(program); }
  QList<Message> all() const { return profile_->all(); }

  Mounts& mounts_;
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<PreparedProfile> profile_;
};

HADAL_MOUNTING_TEST_MAIN(ProgramTest)
#include "program_test.moc"
