#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/chat/chat_service.h"
#include "app/chat/prompt.h"
#include "app/chat/title.h"
#include "app/settings/settings.h"
#include "app/store/store.h"
#include "scripted_inference.h"
#include "waiting.h"

using namespace hadal;

namespace {

/// Everything below a window, on a database of its own.
struct House {
  explicit House(const QString& folder)
      : store({.file = folder + QStringLiteral("/hadal.db"), .backupFolder = folder + QStringLiteral("/backups")}),
        report(store.open()),
        chat(store, inference, settings) {}

  Transcript open(ConversationId id) { return kept(chat.open(id)); }

  ScriptedInference inference;
  Settings settings;
  Store store;
  QFuture<Outcome<StoreReport>> report;
  ChatService chat;
};

}  // namespace

class ChatServiceTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void commitsBeforeComputing() {
    House house(folder_->path());
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Why is the sea salt?\nTell me.")));
    QCOMPARE(answer.state, MessageState::Streaming);
    const Transcript transcript = house.open(answer.conversation);
    QCOMPARE(transcript.conversation.title, QStringLiteral("Why is the sea salt?"));
    QCOMPARE(transcript.messages.size(), 2);
    QCOMPARE(transcript.messages[0].content, QStringLiteral("Why is the sea salt?\nTell me."));
    QCOMPARE(transcript.messages[1].id, answer.id);
    QCOMPARE(transcript.messages[1].state, MessageState::Streaming);
    QVERIFY(house.chat.isAnswering(answer.conversation));
  }

  void goesOnWithAnAnswer() {
    House house(folder_->path());
    QSignalSpy resumed(&house.chat, &ChatService::messageResumed);
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Hello?")));
    house.inference.last->say(QStringLiteral("Good "));
    house.chat.stop(answer.conversation);
    QTRY_COMPARE(finished.size(), 1);
    QCOMPARE(kept(house.chat.continueAnswer(answer.id)).id, answer.id);
    QCOMPARE(resumed.size(), 1);
    QCOMPARE(stored(house.store, answer.id).state, MessageState::Streaming);
    const GenerationRequest& request = house.inference.last->request;
    QVERIFY(request.continueLast);
    QCOMPARE(request.messages.size(), 2);
    QCOMPARE(request.messages.last().content, QStringLiteral("Good "));
    house.inference.last->say(QStringLiteral("day."));
    QTRY_COMPARE(stored(house.store, answer.id).content, QStringLiteral("Good day."));
    house.inference.last->end(GenerationEnd::Done, {}, {});
    QTRY_COMPARE(finished.size(), 2);
    QCOMPARE(stored(house.store, answer.id).state, MessageState::Done);
    QCOMPARE(house.open(answer.conversation).messages.size(), 2);
    // Complete now.
    QVERIFY(!waited(house.chat.continueAnswer(answer.id)));
    QCOMPARE(stored(house.store, answer.id).state, MessageState::Done);
  }

  // What was there already is read with the prompt, but it is part of the answer.
  void aContinuedAnswerCountsItsBeginningOnce() {
    House house(folder_->path());
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Hello?")));
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    house.inference.last->say(QStringLiteral("Good "));
    GenerationStats stats;
    stats.promptTokens = 10;
    stats.tokens = 4;
    house.inference.last->end(GenerationEnd::Stopped, {}, stats);
    QTRY_COMPARE(finished.size(), 1);
    kept(house.chat.continueAnswer(answer.id));
    stats.promptTokens = 14;
    stats.tokens = 3;
    house.inference.last->end(GenerationEnd::Done, {}, stats);
    QTRY_COMPARE(finished.size(), 2);
    QCOMPARE(stored(house.store, answer.id).promptTokens, 10);
    QCOMPARE(stored(house.store, answer.id).tokens, 7);
  }

  void streamsJournalsAndFinishes() {
    House house(folder_->path());
    QSignalSpy deltas(&house.chat, &ChatService::messageDelta);
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Hello?")));
    ScriptedGeneration* generation = house.inference.last;
    QVERIFY(generation);
    QCOMPARE(generation->request.messages.size(), 1);
    generation->say(QStringLiteral("Good "));
    generation->say(QStringLiteral("day."));
    QCOMPARE(deltas.size(), 2);
    // The journal reaches the database by itself, before the answer ends.
    QTRY_COMPARE(stored(house.store, answer.id).content, QStringLiteral("Good day."));
    QCOMPARE(stored(house.store, answer.id).state, MessageState::Streaming);

    GenerationStats stats;
    stats.tokens = 2;
    stats.tokensPerSecond = 20;
    generation->end(GenerationEnd::Done, {}, stats);
    QTRY_COMPARE(finished.size(), 1);
    const Message last = stored(house.store, answer.id);
    QCOMPARE(last.state, MessageState::Done);
    QCOMPARE(last.content, QStringLiteral("Good day."));
    QCOMPARE(last.tokens, 2);
    QCOMPARE(last.model, QStringLiteral("Scripted"));
    QVERIFY(!house.chat.isAnswering(answer.conversation));
  }

  void branches() {
    House house(folder_->path());
    const Message first = finish(house, kept(house.chat.ask(0, QStringLiteral("One?"))), QStringLiteral("first"));
    const Message second = finish(house, kept(house.chat.regenerate(first.id)), QStringLiteral("second"));
    QCOMPARE(second.parent, first.parent);
    QCOMPARE(second.branch, 2);
    QCOMPARE(second.branches, 2);
    QCOMPARE(house.inference.requests, 2);
    const Message edited =
        finish(house, kept(house.chat.editAndAsk(first.parent, QStringLiteral("Two?"))), QStringLiteral("third"));
    Transcript shown = house.open(first.conversation);
    QCOMPARE(contents(shown), QStringList({QStringLiteral("Two?"), QStringLiteral("third")}));
    QCOMPARE(shown.messages[0].branch, 2);
    shown = kept(house.chat.switchBranch(edited.parent, -1));
    QCOMPARE(contents(shown), QStringList({QStringLiteral("One?"), QStringLiteral("second")}));
    shown = kept(house.chat.switchBranch(second.id, -1));
    QCOMPARE(contents(shown), QStringList({QStringLiteral("One?"), QStringLiteral("first")}));
    QCOMPARE(contents(house.open(first.conversation)), contents(shown));
    // At the end of the row nothing changes.
    QCOMPARE(contents(kept(house.chat.switchBranch(first.id, -1))), contents(shown));
  }

  void laterQuestionsSeeTheBranch() {
    House house(folder_->path());
    QVERIFY(house.settings.setValue(setting::systemPrompt, QStringLiteral("Be brief.")));
    const Message first = finish(house, kept(house.chat.ask(0, QStringLiteral("One?"))), QStringLiteral("1"));
    kept(house.chat.ask(first.conversation, QStringLiteral("Two?")));
    QStringList prompt;
    for (const PromptMessage& m : house.inference.last->request.messages) prompt.append(m.content);
    QCOMPARE(prompt, QStringList({QStringLiteral("Be brief."), QStringLiteral("One?"), QStringLiteral("1"),
                                  QStringLiteral("Two?")}));
  }

  void refusesASecondQuestionMeanwhile() {
    House house(folder_->path());
    const Message answer = kept(house.chat.ask(0, QStringLiteral("One?")));
    const auto second = waited(house.chat.ask(answer.conversation, QStringLiteral("Two?")));
    QVERIFY(!second);
    QVERIFY2(second.error.contains(QStringLiteral("Stop")), qPrintable(second.error));
    QCOMPARE(house.open(answer.conversation).messages.size(), 2);
  }

  void failuresCarryAReason() {
    House house(folder_->path());
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    const Message answer = kept(house.chat.ask(0, QStringLiteral("Long?")));
    house.inference.last->end(GenerationEnd::PromptTooLong, QStringLiteral("Too long."), {});
    QTRY_COMPARE(finished.size(), 1);
    const Message failed = stored(house.store, answer.id);
    QCOMPARE(failed.state, MessageState::Failed);
    QCOMPARE(failed.problem, MessageProblem::PromptTooLong);
    QCOMPARE(failed.error, QStringLiteral("Too long."));
    // The refused question does not weigh on the next one.
    kept(house.chat.ask(answer.conversation, QStringLiteral("Short?")));
    QCOMPARE(house.inference.last->request.messages.size(), 1);
    QCOMPARE(house.inference.last->request.messages[0].content, QStringLiteral("Short?"));
  }

  void unfinishedAnswersAreRecovered() {
    MessageId answer = 0;
    {
      House house(folder_->path());
      answer = kept(house.chat.ask(0, QStringLiteral("Hello?"))).id;
      house.inference.last->say(QStringLiteral("Half an ans"));
      QTRY_COMPARE(stored(house.store, answer).content, QStringLiteral("Half an ans"));
      // The store goes without the chat service having said goodbye, as in a crash.
    }
    House house(folder_->path());
    QCOMPARE(kept(house.report).interrupted, 1);
    const Message message = stored(house.store, answer);
    QCOMPARE(message.state, MessageState::Interrupted);
    QCOMPARE(message.content, QStringLiteral("Half an ans"));
  }

  void shutDownKeepsWhatCame() {
    MessageId answer = 0;
    {
      House house(folder_->path());
      answer = kept(house.chat.ask(0, QStringLiteral("Hello?"))).id;
      house.inference.last->say(QStringLiteral("Not journaled yet"));
      house.chat.shutDown();
    }
    House house(folder_->path());
    QCOMPARE(kept(house.report).interrupted, 0);
    QCOMPARE(stored(house.store, answer).state, MessageState::Interrupted);
    QCOMPARE(stored(house.store, answer).content, QStringLiteral("Not journaled yet"));
  }

  void removingCanBeUndoneUntilTheEnd() {
    ConversationId kept1 = 0;
    {
      House house(folder_->path());
      kept1 = finish(house, kept(house.chat.ask(0, QStringLiteral("Keep?"))), QStringLiteral("yes")).conversation;
      const ConversationId gone =
          finish(house, kept(house.chat.ask(0, QStringLiteral("Drop?"))), QStringLiteral("yes")).conversation;
      kept(house.chat.remove(kept1));
      kept(house.chat.remove(gone));
      QCOMPARE(kept(house.chat.list()).conversations.size(), 0);
      QVERIFY(kept(house.chat.search(QStringLiteral("Keep"))).isEmpty());
      kept(house.chat.restore(kept1));
      QCOMPARE(kept(house.chat.list()).conversations.size(), 1);
      house.chat.shutDown();
    }
    House house(folder_->path());
    QCOMPARE(kept(house.chat.list()).conversations.size(), 1);
    QCOMPARE(kept(house.store.read(
                 [](Connection& c) { return c.scalar(QStringLiteral("SELECT count(*) FROM conversations")).toInt(); })),
             1);
    QCOMPARE(kept(house.store.checkIntegrity()), QString());
    Q_UNUSED(kept1)
  }

  void draftsTitlesPinsAndFolders() {
    House house(folder_->path());
    kept(house.chat.setDraft(0, QStringLiteral("unsent")));
    QCOMPARE(kept(house.chat.list()).newDraft, QStringLiteral("unsent"));
    const ConversationId id =
        finish(house, kept(house.chat.ask(0, QStringLiteral("Title?"))), QStringLiteral("ok")).conversation;
    QCOMPARE(kept(house.chat.list()).newDraft, QString());
    kept(house.chat.setDraft(id, QStringLiteral("later")));
    kept(house.chat.rename(id, QStringLiteral("Renamed")));
    kept(house.chat.setPinned(id, true));
    const Folder folder = kept(house.chat.addFolder(QStringLiteral("Work")));
    kept(house.chat.moveToFolder(id, folder.id));
    ConversationList list = kept(house.chat.list());
    QCOMPARE(list.conversations[0].draft, QStringLiteral("later"));
    QCOMPARE(list.conversations[0].title, QStringLiteral("Renamed"));
    QVERIFY(list.conversations[0].pinned);
    QCOMPARE(list.conversations[0].folder, folder.id);
    QCOMPARE(list.folders.size(), 1);
    kept(house.chat.removeFolder(folder.id));
    QCOMPARE(kept(house.chat.list()).conversations[0].folder, 0);
    QVERIFY(!waited(house.chat.rename(id, QStringLiteral("  "))));
  }

  void titles_data() {
    QTest::addColumn<QString>("question");
    QTest::addColumn<QString>("title");
    QTest::newRow("short") << QStringLiteral("Hi") << QStringLiteral("Hi");
    QTest::newRow("lines") << QStringLiteral("\n\n  ## First  line\nsecond") << QStringLiteral("First line");
    QTest::newRow("words") << QStringLiteral("a ").repeated(50) << (QStringLiteral("a ").repeated(30).trimmed() + u'…');
    QTest::newRow("chinese") << QStringLiteral("深").repeated(80) << (QStringLiteral("深").repeated(60) + u'…');
    // U+1F30A is two UTF-16 units; the cut must not halve it.
    const QString wave = QString::fromUcs4(U"\U0001F30A");
    QTest::newRow("surrogates") << (QStringLiteral("x") + wave.repeated(40))
                                << (QStringLiteral("x") + wave.repeated(29) + u'…');
  }
  void titles() {
    QFETCH(QString, question);
    QTEST(titleFor(question), "title");
  }

 private:
  static QStringList contents(const Transcript& transcript) {
    QStringList result;
    for (const Message& m : transcript.messages) result.append(m.content);
    return result;
  }

  static Message finish(House& house, const Message& answer, const QString& text) {
    QSignalSpy finished(&house.chat, &ChatService::messageFinished);
    house.inference.last->say(text);
    house.inference.last->end(GenerationEnd::Done, {}, {});
    if (finished.isEmpty() && !finished.wait()) qFatal("the answer did not finish");
    Message message = stored(house.store, answer.id);
    return message;
  }

  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(ChatServiceTest)
#include "chat_service_test.moc"
