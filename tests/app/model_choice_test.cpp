#include <QTemporaryDir>
#include <QTest>

#include "hadal_process.h"
#include "model_folder.h"
#include "prepared_profile.h"

using namespace hadal;

/// A model that cannot be loaded takes nothing from the person: the real program, started with the starter model.
class ModelChoiceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(model_)) QSKIP("The starter model is not there (./dev setup fetches it).");
  }
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    profile_ = std::make_unique<PreparedProfile>(folder_->filePath(QStringLiteral("profile")));
    broken_ = folder_->filePath(QStringLiteral("broken.gguf"));
    QFile file(broken_);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("no model at all") > 0);
  }

  void aBrokenFileInTheChatIsNotKept() {
    HadalProcess chat(profile_->path(), {QStringLiteral("--chat")}, false);
    chat.start();
    chat.write("What is the capital of France?\n/model " + QFile::encodeName(broken_) +
               "\nWhat is the capital of Japan?\n/model\n");
    chat.closeWriteChannel();
    QVERIFY(chat.waitForFinished(120000));
    // A script learns that the model it asked for was not used.
    QCOMPARE(chat.exitCode(), 1);
    const QString said = chat.err();
    QCOMPARE(said.count(u'\n'), 1);
    QVERIFY2(said.contains(broken_) && said.contains(QStringLiteral("not a GGUF file")) &&
                 said.contains(QStringLiteral("goes on answering")),
             qPrintable(said));
    QVERIFY(chat.out().contains(QStringLiteral("SmolLM2")));
    const QList<Message> messages = profile_->all();
    QCOMPARE(messages.size(), 4);
    QCOMPARE(messages[3].state, MessageState::Done);
    QVERIFY2(messages[3].content.contains(QStringLiteral("Tokyo")), qPrintable(messages[3].content));
    QVERIFY(!profile_->setting(setting::modelFile).isValid());
  }

  /// The model of the start is still being loaded when the choice comes.
  void aBrokenFileAsTheFirstWord() {
    HadalProcess chat(profile_->path(), {QStringLiteral("--chat")}, false);
    chat.start();
    chat.write("/model " + QFile::encodeName(broken_) + "\nWhat is the capital of Japan?\n/model\n");
    chat.closeWriteChannel();
    QVERIFY(chat.waitForFinished(120000));
    QCOMPARE(chat.exitCode(), 1);
    const QString said = chat.err();
    QVERIFY2(said.contains(broken_) && said.contains(QStringLiteral("goes on answering")) && said.count(u'\n') == 1,
             qPrintable(said));
    const QString out = chat.out();
    QVERIFY2(out.contains(QStringLiteral("Tokyo")) && out.contains(QStringLiteral("SmolLM2")), qPrintable(out));
    QVERIFY(!profile_->setting(setting::modelFile).isValid());
  }

  void aGoodFileIsKept() {
    const QString other = folder_->filePath(QStringLiteral("other.gguf"));
    QVERIFY(QFile::link(model_, other));
    HadalProcess chat(profile_->path(), {QStringLiteral("--chat")}, false);
    chat.start();
    chat.write("/model " + QFile::encodeName(other) + "\nWhat is the capital of France?\n");
    chat.closeWriteChannel();
    QVERIFY(chat.waitForFinished(120000));
    QCOMPARE(chat.exitCode(), 0);
    QCOMPARE(profile_->setting(setting::modelFile).toString(), other);
    QCOMPARE(profile_->all().last().model, QStringLiteral("other"));
  }

  /// A folder as Hugging Face publishes models, given by itself or by one of its files.
  void aFolderIsKept_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("itself") << "/";
    QTest::newRow("config.json") << "/config.json";
  }
  void aFolderIsKept() {
    QFETCH(QString, file);
    const QString folder = makeModelFolder(folder_->filePath(QStringLiteral("Tiny-V1.5")), QStringLiteral("llama"));
    HadalProcess chat(profile_->path(), {QStringLiteral("--chat")}, false);
    chat.start();
    chat.write("/model " + QFile::encodeName(folder + file) + "\nHello?\n/model\n");
    chat.closeWriteChannel();
    QVERIFY(chat.waitForFinished(120000));
    // Random weights find no end: the context does.
    const QString said = chat.err();
    QVERIFY2(!said.contains(QStringLiteral("cannot be used")), qPrintable(said));
    QVERIFY(chat.out().contains(folder + u'\n'));
    QCOMPARE(profile_->setting(setting::modelFile).toString(), folder);
    QCOMPARE(profile_->all().last().model, QStringLiteral("Tiny-V1.5"));
    // The next start finds it in the settings.
    HadalProcess later(profile_->path(), brief_, false);
    QCOMPARE(later.run(), 0);
    QCOMPARE(profile_->all().last().model, QStringLiteral("Tiny-V1.5"));
  }

  void aFolderIsHandedOver() {
    const QString folder = makeModelFolder(folder_->filePath(QStringLiteral("Tiny-V1.5")), QStringLiteral("llama"));
    HadalProcess window(profile_->path(), {}, false);
    profile_->startAndWait(window);
    QCOMPARE(HadalProcess(profile_->path(), {folder + u'/'}, false).run(), 0);
    QCOMPARE(HadalProcess(profile_->path(), brief_, false).run(), 0);
    // The folder is the model that is there, however it is written.
    QCOMPARE(
        HadalProcess(profile_->path(),
                     brief_ + QStringList{QStringLiteral("--model"), folder + QStringLiteral("/config.json")}, false)
            .run(),
        0);
    ::kill(static_cast<pid_t>(window.processId()), SIGTERM);
    QVERIFY(window.waitForFinished());
    QCOMPARE(profile_->all().last().model, QStringLiteral("Tiny-V1.5"));
    QCOMPARE(profile_->setting(setting::modelFile).toString(), folder);
  }

  void aFolderWithoutAModelIsSaid() {
    const QString folder = folder_->filePath(QStringLiteral("Pictures"));
    QVERIFY(QDir().mkpath(folder));
    HadalProcess program(profile_->path(),
                         {QStringLiteral("--ask"), QStringLiteral("Hello?"), QStringLiteral("--model"), folder}, false);
    QCOMPARE(program.run(), 1);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("The folder Pictures holds no model")), qPrintable(said));
    QCOMPARE(said.count(u'\n'), 1);
  }

  void aHandedOverBrokenFileLeavesTheAnswerAlone() {
    HadalProcess window(profile_->path(), {}, false);
    profile_->startAndWait(window);
    HadalProcess asking(
        profile_->path(),
        {QStringLiteral("--ask"), QStringLiteral("Tell me a long story about a whale, in ten chapters."),
         QStringLiteral("--max-tokens"), QStringLiteral("60"), QStringLiteral("--json")},
        false);
    asking.start();
    asking.event();
    QVERIFY(asking.event().contains(QStringLiteral("delta")));
    QCOMPARE(HadalProcess(profile_->path(), {broken_}, false).run(), 0);
    QJsonObject last;
    for (QJsonObject event = asking.event(); !event.isEmpty(); event = asking.event()) last = event;
    QCOMPARE(last[QStringLiteral("finished")].toString(), QStringLiteral("done"));
    QCOMPARE(last[QStringLiteral("tokens")].toInt(), 60);
    HadalProcess next(profile_->path(), {QStringLiteral("--ask"), QStringLiteral("What is the capital of France?")},
                      false);
    QCOMPARE(next.run(), 0);
    ::kill(static_cast<pid_t>(window.processId()), SIGTERM);
    QVERIFY(window.waitForFinished());
    QVERIFY(!profile_->setting(setting::modelFile).isValid());
  }

  void aStoredFileThatIsGone_data() {
    QTest::addColumn<bool>("vanished");
    QTest::newRow("vanished") << true;
    QTest::newRow("broken") << false;
  }
  void aStoredFileThatIsGone() {
    QFETCH(bool, vanished);
    if (vanished) QVERIFY(QFile::remove(broken_));
    profile_->set(setting::modelFile, broken_);
    HadalProcess program(profile_->path(), {QStringLiteral("--ask"), QStringLiteral("What is the capital of France?")},
                         false);
    QCOMPARE(program.run(), 0);
    const QString said = program.err();
    QCOMPARE(said.count(u'\n'), 1);
    QVERIFY2(said.contains(broken_) && said.contains(QStringLiteral("the setting is kept")), qPrintable(said));
    QVERIFY(program.out().contains(QStringLiteral("Paris")));
    QCOMPARE(profile_->setting(setting::modelFile).toString(), broken_);
  }

  void aFileNamedForThisRunHasNoStandIn() {
    HadalProcess program(profile_->path(),
                         {QStringLiteral("--ask"), QStringLiteral("Hello?"), QStringLiteral("--model"), broken_},
                         false);
    QCOMPARE(program.run(), 1);
    const QString said = program.err();
    QVERIFY2(said.contains(QStringLiteral("not a GGUF file")), qPrintable(said));
    QCOMPARE(said.count(u'\n'), 1);
    QCOMPARE(program.out(), QString());
  }

 private:
  const QString model_ = qEnvironmentVariable("HADAL_TEST_MODEL");
  const QStringList brief_{QStringLiteral("--ask"), QStringLiteral("Hello?"), QStringLiteral("--max-tokens"),
                           QStringLiteral("4")};
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<PreparedProfile> profile_;
  QString broken_;
};

QTEST_GUILESS_MAIN(ModelChoiceTest)
#include "model_choice_test.moc"
