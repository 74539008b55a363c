#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/command_line.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "app/store/conversations.h"
#include "app/store/settings_rows.h"
#include "hadal_process.h"
#include "mounts.h"
#include "waiting.h"

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
    QTest::newRow("json alone") << QStringList{QStringLiteral("--json")} << QStringLiteral("goes with --ask");
    QTest::newRow("unknown") << QStringList{QStringLiteral("--no-such")} << QStringLiteral("no-such");
    QTest::newRow("number") << QStringList{QStringLiteral("--threads"), QStringLiteral("many")}
                            << QStringLiteral("number");
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

  void chatsThroughAPipe() {
    HadalProcess program(profile(), {QStringLiteral("--chat")});
    program.start();
    program.write("What is the capital of France?\nAnd of Japan?\n/new\nHello.\n/list\n/open 2\n/nonsense\n");
    program.closeWriteChannel();
    QVERIFY(program.waitForFinished(120000));
    QCOMPARE(program.exitCode(), 0);
    const QString out = program.out();
    QCOMPARE(out.count(QStringLiteral("> What is the capital of France?")), 2);  // Asked, then shown by /open.
    QVERIFY2(out.contains(QStringLiteral("   1  ")) && out.contains(QStringLiteral("no command /nonsense")),
             qPrintable(out));
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
    signalTo(first, SIGTERM);
    QVERIFY(first.waitForFinished());
    QCOMPARE(all().size(), 0);
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

  void aNewerDatabaseIsRefused() {
    QCOMPARE(HadalProcess(profile(), {kAsk, kQuestion}).run(), 0);
    {
      Connection connection;
      QVERIFY(connection.open(profile() + QStringLiteral("/hadal.db"), Connection::Access::ReadWrite));
      QVERIFY(connection.execute(QStringLiteral("PRAGMA user_version=999")));
    }
    HadalProcess program(profile(), {kAsk, kQuestion});
    QCOMPARE(program.run(), 1);
    QVERIFY(program.err().contains(QStringLiteral("newer Hadal")));
  }

 private:
  /// With temperature 0 the model answers these questions shortly, and always alike.
  void prepare() {
    Store store({.file = profile() + QStringLiteral("/hadal.db"),
                 .backupFolder = folder_->filePath(QStringLiteral("test-backups"))});
    QDir().mkpath(profile());
    kept(store.open());
    kept(store.write([](Connection& c) {
      SettingsRows(c).set(QString::fromLatin1(setting::temperature), 0);
      return Nothing{};
    }));
  }

  QString profile() const { return folder_->filePath(QStringLiteral("profile")); }

  /// Until it answers later starts.
  void startAndWait(HadalProcess& program) {
    program.start();
    QVERIFY(program.waitForStarted());
    const QString lock = profile() + QStringLiteral("/lock");
    QVERIFY(QTest::qWaitFor(
        [&] {
          QFile file(lock);
          if (!file.open(QIODevice::ReadOnly)) return false;
          const QByteArrayList lines = file.readAll().split('\n');
          return lines.size() > 1 && QFile::exists(QFile::decodeName(lines[1]));
        },
        20000));
  }

  /// What the profile holds, oldest first.
  QList<Message> all() const {
    Store store({.file = profile() + QStringLiteral("/hadal.db"),
                 .backupFolder = folder_->filePath(QStringLiteral("test-backups"))});
    kept(store.open());
    return kept(store.read([](Connection& c) {
      QList<Message> result;
      Statement ids(c, QStringLiteral("SELECT id FROM messages ORDER BY id"));
      while (ids.next()) result.append(Messages(c).get(ids.integer(0)));
      return result;
    }));
  }

  Mounts& mounts_;
  std::unique_ptr<QTemporaryDir> folder_;
};

HADAL_MOUNTING_TEST_MAIN(ProgramTest)
#include "program_test.moc"
