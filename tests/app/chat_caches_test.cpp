#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/inference/local_inference.h"
#include "waiting.h"

using namespace hadal;

namespace {

const QString kModel = qEnvironmentVariable("HADAL_TEST_MODEL");
constexpr qint64 kChat = 7;

struct Answered {
  QString text;
  GenerationStats stats;
  GenerationEnd end = GenerationEnd::Failed;
};

/// A program's run: a model is loaded, something is asked, and all ends.
class Run {
 public:
  explicit Run(const QString& folder, bool wanted = true) {
    if (!folder.isEmpty()) inference.keepChats(folder, wanted);
    inference.load(kModel);
  }

  Answered ask(const QList<PromptMessage>& messages, qint64 chat = kChat) {
    GenerationRequest request;
    request.messages = messages;
    request.sampling.temperature = 0;
    request.maxTokens = 8;
    request.chat = chat;
    Answered answered;
    bool over = false;
    const auto generation = inference.generate(request);
    QObject::connect(generation.get(), &Generation::delta, [&](const QString& piece) { answered.text += piece; });
    QObject::connect(generation.get(), &Generation::finished,
                     [&](GenerationEnd end, const QString&, const GenerationStats& stats) {
                       answered.stats = stats;
                       answered.end = end;
                       over = true;
                     });
    if (!QTest::qWaitFor([&] { return over; }, 60000)) qFatal("no answer");
    return answered;
  }

  LocalInference inference;
};

QList<PromptMessage> longQuestion() {
  QString text = QStringLiteral("Which of these numbers is the largest?");
  for (int i = 0; i < 150; ++i) text += QStringLiteral(" %1,").arg(i * 37 % 151);
  return {{MessageRole::User, text}};
}

QList<PromptMessage> nextQuestion(const QString& answer) {
  return longQuestion() + QList<PromptMessage>{{MessageRole::Assistant, answer},
                                               {MessageRole::User, QStringLiteral("And the smallest?")}};
}

}  // namespace

/// What was read of long chats is found again by the next run of the program, and never makes an answer another one.
class ChatCachesTest : public QObject {
  Q_OBJECT

  QTemporaryDir kept_;
  std::unique_ptr<QTemporaryDir> place_;
  QString first_;

  QString folder() const { return place_->filePath(QStringLiteral("caches")); }
  QString file(qint64 chat = kChat) const { return folder() + QStringLiteral("/chat-%1.kv").arg(chat); }

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(kModel)) QSKIP("The starter model is not there (./dev setup fetches it).");
    Run run(kept_.filePath(QStringLiteral("caches")));
    first_ = run.ask(longQuestion()).text;
  }
  /// Each test begins with a chat that an earlier run has kept.
  void init() {
    place_ = std::make_unique<QTemporaryDir>();
    QVERIFY(QDir().mkpath(folder()));
    QVERIFY(QFile::copy(kept_.filePath(QStringLiteral("caches/chat-%1.kv").arg(kChat)), file()));
  }

  void isFoundByTheNextRun() {
    QCOMPARE(QFile(kept_.filePath(QStringLiteral("caches"))).permissions() &
                 (QFile::ReadOther | QFile::ReadGroup | QFile::ExeOther),
             0);
    const Answered again = Run(folder()).ask(nextQuestion(first_));
    const Answered anew = Run({}).ask(nextQuestion(first_));
    QCOMPARE(anew.stats.reusedTokens, 0);
    QVERIFY2(again.stats.reusedTokens > 256, qPrintable(QString::number(again.stats.reusedTokens)));
    QCOMPARE(again.stats.promptTokens, anew.stats.promptTokens);
    QCOMPARE(again.text, anew.text);
  }

  void growsWithItsChat() {
    const qint64 before = QFileInfo(file()).size();
    (void)Run(folder()).ask(nextQuestion(first_));
    QVERIFY(QFileInfo(file()).size() > before);
  }

  void otherChatsDoNotFindIt() {
    Run run(folder());
    QCOMPARE(run.ask(longQuestion(), kChat + 1).stats.reusedTokens, 0);
  }

  void damagedFilesCostNothingButTime_data() {
    QTest::addColumn<int>("damage");
    QTest::newRow("cut") << 0;
    QTest::newRow("a byte") << 1;
    QTest::newRow("something else") << 2;
    QTest::newRow("empty") << 3;
  }
  void damagedFilesCostNothingButTime() {
    QFETCH(int, damage);
    QFile kept(file());
    QVERIFY(kept.open(QFile::ReadOnly));
    QByteArray bytes = kept.readAll();
    kept.close();
    if (damage == 0) bytes.chop(bytes.size() / 3);
    if (damage == 1) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    if (damage == 2) bytes = "SQLite format 3";
    if (damage == 3) bytes.clear();
    QVERIFY(kept.open(QFile::WriteOnly) && kept.write(bytes) == bytes.size());
    kept.close();
    const Answered answered = Run(folder()).ask(longQuestion());
    QCOMPARE(answered.end, GenerationEnd::Done);
    QCOMPARE(answered.stats.reusedTokens, 0);
    QCOMPARE(answered.text, first_);
    // Kept anew by that run.
    QVERIFY(Run(folder()).ask(longQuestion()).stats.reusedTokens > 256);
  }

  void canBeStoppedWhileItIsFetched() {
    Run run(folder());
    QVERIFY(QTest::qWaitFor([&] { return run.inference.status().state == ModelStatus::State::Ready; }, 60000));
    GenerationRequest request;
    request.messages = longQuestion();
    request.chat = kChat;
    const auto generation = run.inference.generate(request);
    std::optional<GenerationEnd> end;
    QObject::connect(generation.get(), &Generation::finished,
                     [&](GenerationEnd how, const QString&, const GenerationStats&) { end = how; });
    generation->stop();
    QTRY_VERIFY_WITH_TIMEOUT(end.has_value(), 60000);
    QCOMPARE(*end, GenerationEnd::Stopped);
    QVERIFY(run.ask(longQuestion()).stats.reusedTokens > 256);
  }

  void shortChatsAreNotKept() {
    (void)Run(folder()).ask({{MessageRole::User, QStringLiteral("Hello")}}, 8);
    QVERIFY(!QFile::exists(file(8)));
  }

  void deletedChatsAreForgotten() {
    {
      Run run(folder());
      run.inference.forgetChat(kChat);
    }
    QVERIFY(!QFile::exists(file()));
  }

  /// Its answer is stopped by the deletion, and what that has computed is not kept.
  void deletedChatsStayForgotten() {
    {
      Run run(folder());
      GenerationRequest request;
      request.messages = longQuestion();
      request.chat = kChat;
      const auto generation = run.inference.generate(request);
      bool began = false;
      std::optional<GenerationEnd> end;
      QObject::connect(generation.get(), &Generation::delta, [&] { began = true; });
      QObject::connect(generation.get(), &Generation::finished,
                       [&](GenerationEnd how, const QString&, const GenerationStats&) { end = how; });
      QTRY_VERIFY_WITH_TIMEOUT(began, 60000);
      run.inference.forgetChat(kChat);
      generation->stop();
      QTRY_VERIFY_WITH_TIMEOUT(end.has_value(), 60000);
      QCOMPARE(*end, GenerationEnd::Stopped);
    }
    QVERIFY(!QFile::exists(file()));
  }

  void nothingIsKeptWhereNobodyWantsIt() {
    QFile other(folder() + QStringLiteral("/notes.txt"));
    QVERIFY(other.open(QFile::WriteOnly));
    other.close();
    QVERIFY(Run(folder(), false).ask(longQuestion()).stats.reusedTokens == 0);
    QVERIFY(!QFile::exists(file()));
    QVERIFY(other.exists());
  }
};

QTEST_GUILESS_MAIN(ChatCachesTest)
#include "chat_caches_test.moc"
