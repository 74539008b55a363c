// Thinking on the real path: the starter model under a template that makes it think, through the worker, the chat
// service, the store and the terminal.
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/chat/chat_service.h"
#include "app/inference/local_inference.h"
#include "app/settings/settings.h"
#include "app/store/search.h"
#include "hadal_process.h"
#include "prepared_profile.h"
#include "scripted_inference.h"
#include "thinking_model.h"
#include "waiting.h"

using namespace hadal;

namespace {

const QString kStarter = qEnvironmentVariable("HADAL_TEST_MODEL");

struct Listener {
  explicit Listener(Generation& generation) {
    QObject::connect(&generation, &Generation::delta, &generation, [this](const QString& piece) { text += piece; });
    QObject::connect(&generation, &Generation::thinkingDelta, &generation, [this](const QString& piece) {
      thinking += piece;
      thoughtLast = text.isEmpty();
    });
    QObject::connect(&generation, &Generation::finished, &generation,
                     [this](GenerationEnd e, const QString& why, const GenerationStats& s) {
                       end = e;
                       error = why;
                       stats = s;
                       ++ends;
                     });
  }
  QString text, thinking, error;
  bool thoughtLast = true;  ///< No thinking came behind text.
  int ends = 0;
  GenerationEnd end = GenerationEnd::Failed;
  GenerationStats stats;
};

/// Everything below a window, on a database of its own.
struct House {
  House(const QString& folder, InferenceService& inference)
      : store({.file = folder + QStringLiteral("/hadal.db"), .backupFolder = folder + QStringLiteral("/backups")}),
        report(store.open()),
        chat(store, inference, settings) {}
  Settings settings;
  Store store;
  QFuture<Outcome<StoreReport>> report;
  ChatService chat;
};

GenerationRequest question(const QString& text, int maxTokens) {
  GenerationRequest request;
  request.messages = {{MessageRole::User, text}};
  request.sampling.temperature = 0;
  request.maxTokens = maxTokens;
  return request;
}

}  // namespace

class ThinkingTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (QFile::exists(kStarter))
      model_ = ThinkingModel::make(kStarter, models_.filePath(QStringLiteral("thinker.gguf")));
    if (QFile::exists(kStarter)) QVERIFY(!model_.isEmpty());
  }
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void thinkingComesApart() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    LocalInference inference;
    inference.load(model_);
    const auto generation = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::Done);
    QVERIFY(!listener.thinking.isEmpty());
    QCOMPARE(listener.text, QString());
    QVERIFY(!inference.status().chatTemplate.builtIn);
  }

  void theStarterItselfDoesNotThink() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    LocalInference inference;
    inference.load(kStarter);
    const auto generation = inference.generate(question(QStringLiteral("What is the capital of France?"), 12));
    Listener listener(*generation);
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.thinking, QString());
    QVERIFY2(listener.text.contains(QStringLiteral("Paris")), qPrintable(listener.text));
    QCOMPARE(inference.status().advice.family, QStringLiteral("SmolLM2"));
    QCOMPARE(inference.status().advice.temperature, std::optional(0.2F));
  }

  void answerNowEndsTheThinking() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    LocalInference inference;
    inference.load(model_);
    const auto generation = inference.generate(question(QStringLiteral("Tell me about whales, at length."), 60));
    Listener listener(*generation);
    QTRY_VERIFY_WITH_TIMEOUT(listener.thinking.size() > 20 || listener.ends > 0, 60000);
    QCOMPARE(listener.ends, 0);
    generation->answerNow();
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 60000);
    QCOMPARE(listener.end, GenerationEnd::Done);
    QVERIFY2(!listener.text.isEmpty(), qPrintable(listener.thinking));
    QVERIFY(listener.thoughtLast);
    // Later the starter, which was never taught to think, may write the tag by itself.
    QVERIFY2(!listener.thinking.contains(QStringLiteral("</think>")) &&
                 !listener.text.startsWith(QStringLiteral("</think>")),
             qPrintable(listener.thinking + QStringLiteral(" | ") + listener.text));
    // One answer: its limit counts both halves, and so do its figures.
    QVERIFY2(listener.stats.tokens > 20 && listener.stats.tokens <= 60,
             qPrintable(QString::number(listener.stats.tokens)));
    QVERIFY(listener.stats.promptTokens < 60);
    // Nothing to end any more.
    generation->answerNow();
    QCOMPARE(listener.ends, 1);
  }

  void stopWinsOverAnswerNow() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    LocalInference inference;
    inference.load(model_);
    const auto generation = inference.generate(question(QStringLiteral("Tell me about whales, at length."), 0));
    Listener listener(*generation);
    QTRY_VERIFY_WITH_TIMEOUT(!listener.thinking.isEmpty(), 60000);
    generation->answerNow();
    generation->stop();
    QTRY_COMPARE_WITH_TIMEOUT(listener.ends, 1, 10000);
    QCOMPARE(listener.end, GenerationEnd::Stopped);
    QCOMPARE(listener.text, QString());
  }

  /// Two halves of a greedy answer are the same as the whole, cut inside its thinking.
  void goesOnInsideThinking() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    LocalInference inference;
    inference.load(model_);
    const auto first = inference.generate(question(QStringLiteral("Why is the sea salt?"), 16));
    Listener half(*first);
    QTRY_COMPARE_WITH_TIMEOUT(half.ends, 1, 60000);
    GenerationRequest more = question(QStringLiteral("Why is the sea salt?"), 16);
    more.messages.append({MessageRole::Assistant, {}, half.thinking});
    more.continueLast = true;
    const auto second = inference.generate(more);
    Listener rest(*second);
    const auto whole = inference.generate(question(QStringLiteral("Why is the sea salt?"), 32));
    Listener all(*whole);
    QTRY_COMPARE_WITH_TIMEOUT(rest.ends, 1, 60000);
    QTRY_COMPARE_WITH_TIMEOUT(all.ends, 1, 60000);
    QCOMPARE(rest.text, QString());
    QVERIFY(!rest.thinking.isEmpty());
    QVERIFY2(all.thinking.startsWith(half.thinking), qPrintable(all.thinking));
    // The space between the halves is neither lost nor doubled. (Words may differ further on: the beginning was
    // computed in one go, which rounds differently.)
    const QString behind = all.thinking.mid(half.thinking.size());
    QCOMPARE(rest.thinking.first(2), behind.first(2));
    QVERIFY(behind.front().isSpace());
  }

  void isJournaledWithItsTime() {
    ScriptedInference inference;
    House house(folder_->path(), inference);
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    QSignalSpy thought(&house.chat, &ChatService::messageThinking);
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Whence the pelican?")));
    inference.last->think(QStringLiteral("An albatross "));
    QTest::qWait(60);
    inference.last->think(QStringLiteral("perhaps."));
    QCOMPARE(thought.size(), 2);
    QTRY_COMPARE(stored(house.store, answer.id).thinking, QStringLiteral("An albatross perhaps."));
    QCOMPARE(stored(house.store, answer.id).state, MessageState::Streaming);
    QVERIFY(stored(house.store, answer.id).thinkingSeconds >= 0.05);
    house.chat.answerNow(answer.id);
    QCOMPARE(inference.last->answersNow, 1);
    inference.last->say(QStringLiteral("From the south."));
    inference.last->end(GenerationEnd::Done, {}, {});
    QTRY_COMPARE(finished.size(), 1);
    const Message last = stored(house.store, answer.id);
    QCOMPARE(last.content, QStringLiteral("From the south."));
    QCOMPARE(last.thinking, QStringLiteral("An albatross perhaps."));
    QVERIFY(last.thinkingSeconds >= 0.05 && last.thinkingSeconds < 30);
    // Neither titles nor search know of it.
    const auto transcript = kept(house.chat.open(answer.conversation));
    QCOMPARE(transcript.conversation.title, QStringLiteral("Whence the pelican?"));
    QVERIFY(kept(house.chat.search(QStringLiteral("albatross"))).isEmpty());
    QCOMPARE(kept(house.chat.search(QStringLiteral("south"))).size(), 1);
    // The next question carries it; the template decides.
    kept(house.chat.ask(answer.conversation, QStringLiteral("And then?")));
    const QList<PromptMessage> prompt = inference.last->request.messages;
    QCOMPARE(prompt.size(), 3);
    QCOMPARE(prompt[1].content, QStringLiteral("From the south."));
    QCOMPARE(prompt[1].thinking, QStringLiteral("An albatross perhaps."));
  }

  void anEndInsideThinkingIsKeptAndGoneOnWith() {
    MessageId id = 0;
    ConversationId conversation = 0;
    {
      ScriptedInference inference;
      House house(folder_->path(), inference);
      const Message answer = kept(house.chat.ask(0, QStringLiteral("Hello?")));
      id = answer.id;
      conversation = answer.conversation;
      inference.last->think(QStringLiteral("Well"));
      QTRY_COMPARE(stored(house.store, id).thinking, QStringLiteral("Well"));
      // The program dies here: nobody writes an end.
    }
    ScriptedInference inference;
    House house(folder_->path(), inference);
    kept(house.report);
    Message cut = stored(house.store, id);
    QCOMPARE(cut.state, MessageState::Interrupted);
    QCOMPARE(cut.thinking, QStringLiteral("Well"));
    QCOMPARE(cut.content, QString());
    kept(house.chat.continueAnswer(id));
    QVERIFY(inference.last->request.continueLast);
    QCOMPARE(inference.last->request.messages.last().thinking, QStringLiteral("Well"));
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    inference.last->think(QStringLiteral(" then."));
    inference.last->say(QStringLiteral("Hi."));
    inference.last->end(GenerationEnd::Done, {}, {});
    QTRY_COMPARE(finished.size(), 1);
    cut = stored(house.store, id);
    QCOMPARE(cut.thinking, QStringLiteral("Well then."));
    QCOMPARE(cut.content, QStringLiteral("Hi."));
    QCOMPARE(kept(house.chat.open(conversation)).messages.size(), 2);
  }

  /// Killed while it thinks: what had come is there, as interrupted.
  void survivesAKill() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    const PreparedProfile profile(folder_->filePath(QStringLiteral("p")));
    QString seen;
    {
      HadalProcess hadal(profile.path(),
                         {QStringLiteral("--model"), model_, QStringLiteral("--json"), QStringLiteral("--ask"),
                          QStringLiteral("Tell me about whales, at length.")},
                         false);
      hadal.start();
      QElapsedTimer thinking;
      for (QJsonObject event; !(event = hadal.event()).isEmpty();) {
        if (event[QStringLiteral("event")] != QStringLiteral("thinking")) continue;
        if (!thinking.isValid()) thinking.start();
        if (thinking.elapsed() > 1000) break;
        if (thinking.elapsed() < 300) seen += event[QStringLiteral("text")].toString();
      }
      hadal.kill();
      hadal.waitForFinished();
    }
    const hadal::Message last = profile.all().last();
    QCOMPARE(last.state, MessageState::Interrupted);
    QVERIFY(!seen.isEmpty());
    QVERIFY2(last.thinking.startsWith(seen), qPrintable(last.thinking));
    QVERIFY(last.thinkingSeconds > 0.2);
    QCOMPARE(last.content, QString());
  }

  /// Who asks a pipe gets the answer alone; with --json the thinking as events of its own.
  void askPrintsTheAnswerAlone() {
    if (model_.isEmpty()) QSKIP("The starter model is not there.");
    const PreparedProfile profile(folder_->filePath(QStringLiteral("p")));
    const auto run = [&](const QStringList& more) {
      HadalProcess hadal(
          profile.path(),
          QStringList{QStringLiteral("--model"), model_, QStringLiteral("--max-tokens"), QStringLiteral("8"),
                      QStringLiteral("--ask"), QStringLiteral("What is two and two?")} +
              more,
          false);
      if (hadal.run() != 0) qWarning("%s", hadal.readAllStandardError().constData());
      return hadal.readAllStandardOutput();
    };
    QCOMPARE(run({}), QByteArray());
    QString thinking;
    bool delta = false;
    for (const QByteArray& line : run({QStringLiteral("--json")}).split('\n')) {
      const QJsonObject event = QJsonDocument::fromJson(line).object();
      if (event[QStringLiteral("event")] == QStringLiteral("thinking"))
        thinking += event[QStringLiteral("text")].toString();
      delta = delta || event.contains(QStringLiteral("delta"));
    }
    QVERIFY(!delta);
    QVERIFY(!thinking.isEmpty());
    QCOMPARE(thinking, profile.all().last().thinking);
    QVERIFY(profile.all().last().thinkingSeconds > 0);
  }

 private:
  QTemporaryDir models_;
  QString model_;
  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(ThinkingTest)
#include "thinking_test.moc"
