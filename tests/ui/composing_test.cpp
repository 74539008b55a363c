// What is typed and not yet asked is never lost, and what is shown beside it belongs to the chat that is open.
#include <QApplication>
#include <QListView>
#include <QSignalSpy>

#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "prepared_chats.h"
#include "stage.h"
#include "ui/chat/composer.h"
#include "ui/chat/transcript_view.h"
#include "ui/theme/fonts.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"
#include "ui/widgets/phrases.h"

#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal;
using namespace hadal::ui;

class ComposingTest : public QObject {
  Q_OBJECT

 private:
  static GrowingEdit* edit(Stage& stage) { return stage.find<GrowingEdit>("composerEdit"); }
  static QString typed(Stage& stage) { return edit(stage)->toPlainText(); }
  static QString title(Stage& stage) { return stage.find<ElidedLabel>("chatTitle")->text(); }
  static QString meter(Stage& stage) { return stage.find<ElidedLabel>("contextCount")->text(); }
  static Notice* notice(Stage& stage, const char* name) {
    return stage.window().findChild<Notice*>(QLatin1String(name));
  }
  static void press(Notice* notice, const QString& label) {
    for (Button* button : notice->findChildren<Button*>()) {
      if (button->text() == label) return QTest::mouseClick(button, Qt::LeftButton);
    }
    QFAIL(qPrintable(label));
  }
  static QString keptNewDraft(Stage& stage) { return waitFor(stage.services().chat.list())->newDraft; }
  static const Message* lastAnswer(Stage& stage) {
    return stage.find<TranscriptView>("transcript")->last(hadal::MessageRole::Assistant);
  }
  // The shell hands over as a second start of the program does.
  static void handOver(Stage& stage, const QString& text) { stage.shell().handOver(text, false); }

 private Q_SLOTS:
  void initTestCase() {
    if (Stage::starterModel().isEmpty()) QSKIP("the starter model is not here");
  }

  void aHandedQuestionGoesIntoANewChat() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().openConversation(id);
    QTRY_COMPARE(title(stage), QStringLiteral("Sorting 50,000 log lines"));
    QTest::keyClicks(edit(stage), QStringLiteral("a draft of this chat"));
    handOver(stage, QStringLiteral("What is a fjord?"));
    // Where the kept drafts are not read yet it waits for them.
    QTRY_COMPARE(title(stage), QStringLiteral("New chat"));
    QCOMPARE(typed(stage), QStringLiteral("What is a fjord?"));
    QVERIFY(!notice(stage, "notice.handed.1"));
    stage.window().chat().openConversation(id);
    QTRY_COMPARE(typed(stage), QStringLiteral("a draft of this chat"));
  }

  void aHandedQuestionLeavesTheDraftAlone() {
    Stage stage;
    stage.start({});
    QTest::keyClicks(edit(stage), QStringLiteral("half a thought"));
    handOver(stage, QStringLiteral("What is a fjord?"));
    handOver(stage, QStringLiteral("And a skerry?"));
    QCOMPARE(typed(stage), QStringLiteral("half a thought"));
    // Each waits in a notice of its own.
    QTRY_VERIFY(notice(stage, "notice.handed.2"));
    QVERIFY(notice(stage, "notice.handed.1")->sentence().contains(QStringLiteral("What is a fjord?")));
    QVERIFY(notice(stage, "notice.handed.2")->sentence().contains(QStringLiteral("And a skerry?")));
    press(notice(stage, "notice.handed.1"), QStringLiteral("Use it instead"));
    QCOMPARE(typed(stage), QStringLiteral("What is a fjord?"));
    QTRY_VERIFY(!notice(stage, "notice.handed.1"));
    press(notice(stage, "notice.draft"), QStringLiteral("Bring it back"));
    QCOMPARE(typed(stage), QStringLiteral("half a thought"));
    QVERIFY(notice(stage, "notice.handed.2"));
  }

  void askedAtOnceTheDraftStaysForTheNextNewChat() {
    Stage stage;
    stage.start({.model = Stage::starterModel(), .context = 512});
    QVERIFY(stage.waitForModel());
    QTest::keyClicks(edit(stage), QStringLiteral("half a thought"));
    handOver(stage, QStringLiteral("What is a fjord?"));
    QTRY_VERIFY(notice(stage, "notice.handed.1"));
    press(notice(stage, "notice.handed.1"), QStringLiteral("Ask it now"));
    QTRY_COMPARE_WITH_TIMEOUT(title(stage), QStringLiteral("What is a fjord?"), 10000);
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage) && !lastAnswer(stage)->content.isEmpty(), 60000);
    QCOMPARE(typed(stage), QString());
    stage.window().chat().stop();
    stage.window().chat().newChat();
    QCOMPARE(typed(stage), QStringLiteral("half a thought"));
    QCOMPARE(keptNewDraft(stage), QStringLiteral("half a thought"));
  }

  // A question on the command line arrives before the store has told of the draft.
  void anEarlyQuestionDoesNotHideTheKeptDraft() {
    Stage stage;
    stage.start({});
    QTest::keyClicks(edit(stage), QStringLiteral("from yesterday"));
    stage.end();
    stage.start({.handed = QStringLiteral("What is a fjord?")});
    QTRY_COMPARE(typed(stage), QStringLiteral("from yesterday"));
    QTRY_VERIFY(notice(stage, "notice.handed.1"));
  }

  void anExampleKeepsTheDraftWithinReach() {
    Stage stage;
    stage.start({});
    QTest::keyClicks(edit(stage), QStringLiteral("half a thought"));
    QTest::mouseClick(stage.find<QWidget>("example2"), Qt::LeftButton);
    QVERIFY(typed(stage).startsWith(QStringLiteral("Write a Python script")));
    press(notice(stage, "notice.draft"), QStringLiteral("Bring it back"));
    QCOMPARE(typed(stage), QStringLiteral("half a thought"));
  }

  // ---- what is shown belongs to the open chat ---------------------------------------------------------------------

  void theMeterBelongsToTheOpenChat() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    ChatPane& pane = stage.window().chat();
    QTRY_COMPARE(meter(stage), QStringLiteral("0 / 8k"));
    QSignalSpy measured(&stage.services().inference, &InferenceService::promptMeasured);
    pane.openConversation(id);
    QTRY_COMPARE(title(stage), QStringLiteral("Sorting 50,000 log lines"));
    QTRY_VERIFY(measured.size() > 0);
    const int tokens = measured.last()[1].toInt();
    QCOMPARE(meter(stage), QStringLiteral("%1 / 8k").arg(tokens));
    pane.newChat();
    QCOMPARE(meter(stage), QStringLiteral("0 / 8k"));
    // A count that was asked for before and comes late is another chat's.
    pane.openConversation(id);
    QTRY_COMPARE(title(stage), QStringLiteral("Sorting 50,000 log lines"));
    pane.newChat();
    const auto before = measured.size();
    QTRY_VERIFY(measured.size() > before || measured.size() >= 2);
    QCOMPARE(meter(stage), QStringLiteral("0 / 8k"));
  }

  void afterStopNothingIsLeftOver() {
    Stage stage;
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    QTest::keyClicks(edit(stage), QStringLiteral("Write a very long story about the sea."));
    QTest::keyClick(edit(stage), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage) && lastAnswer(stage)->content.size() > 20, 60000);
    QCOMPARE(edit(stage)->placeholderText(), QStringLiteral("Esc stops the answer"));
    QTest::keyClick(edit(stage), Qt::Key_Escape);
    QTRY_COMPARE_WITH_TIMEOUT(lastAnswer(stage)->state, hadal::MessageState::Stopped, 5000);
    QCOMPARE(edit(stage)->placeholderText(), QStringLiteral("Ask on, or drop a model here"));
    stage.window().chat().newChat();
    QCOMPARE(edit(stage)->placeholderText(), QStringLiteral("Ask anything, or drop a model here"));
    QCOMPARE(meter(stage), QStringLiteral("0 / 8k"));
  }

  void onlyWhatCanBeDoneIsOffered() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    const auto enabled = [&] {
      QStringList names;
      for (const QAction* action : stage.window().actions().all()) {
        if (action->isEnabled()) names << action->objectName();
      }
      names.sort();
      return names.join(QLatin1Char(' '));
    };
    const QString always =
        QStringLiteral("language model.choose model.folder model.unload palette pane.chat quit settings theme");
    const QString inAnyChat = QStringLiteral("chat.new chat.search ");
    QCOMPARE(enabled(), inAnyChat + always);
    stage.window().chat().openConversation(id);
    QTRY_COMPARE(enabled(), QStringLiteral("chat.copy chat.delete chat.find chat.new chat.pin chat.regenerate "
                                           "chat.rename chat.search ") +
                                always);
    stage.window().chat().regenerateLast();
    QTRY_VERIFY(enabled().contains(QStringLiteral("chat.stop")));
    QVERIFY(!enabled().contains(QStringLiteral("chat.regenerate")));
    // The palette shows no more than that.
    stage.window().showPalette();
    const auto* commands = stage.window().findChild<QListView*>(QStringLiteral("commands"))->model();
    const auto offered = [&](const QString& text) {
      return !commands->match(commands->index(0, 0), Qt::DisplayRole, text, 1, Qt::MatchExactly).isEmpty();
    };
    QVERIFY(offered(QStringLiteral("Stop the answer")));
    QVERIFY(!offered(QStringLiteral("Regenerate the last answer")));
    // It stands open while the answer ends.
    stage.window().chat().stop();
    QTRY_VERIFY_WITH_TIMEOUT(!offered(QStringLiteral("Stop the answer")), 10000);
    QVERIFY(offered(QStringLiteral("Regenerate the last answer")));
    stage.services().inference.unload();
    QTRY_VERIFY(!enabled().contains(QStringLiteral("model.unload")));
  }

  // ---- where lines break --------------------------------------------------------------------------------------------

  void examplesBreakBetweenPhrases_data() {
    QTest::addColumn<QSize>("size");
    QTest::newRow("small") << QSize(1024, 640);
    QTest::newRow("large") << QSize(1440, 900);
  }

  void examplesBreakBetweenPhrases() {
    QFETCH(QSize, size);
    Stage stage;
    stage.start({.language = QStringLiteral("zh_CN"), .size = size});
    const QStringList joints{QStringLiteral("解释一段调用栈，|先看哪里"), QStringLiteral("把会议记录|整理成结论和待办"),
                             QStringLiteral("写一个脚本，|按日期重命名照片")};
    for (int i = 0; i < 3; ++i) {
      const auto* card = stage.find<QAbstractButton>(qPrintable(QStringLiteral("example%1").arg(i)));
      QCOMPARE(card->text(), QString(joints[i]).remove(QLatin1Char('|')));
      const QStringList lines = phraseLines(QString(joints[i]).replace(QLatin1Char('|'), QChar(0x200B)),
                                            typeface(Type::Body), card->width() - 30);
      QVERIFY(lines.size() <= 2);
      QCOMPARE(lines.join(QString()), card->text());
      // A line ends where a phrase does.
      if (lines.size() == 2) QVERIFY2(joints[i].contains(lines[0] + QLatin1Char('|')), qPrintable(lines[0]));
    }
  }

  void phrases() {
    const QFont face = typeface(Type::Body);
    const auto lines = [&](const QString& text, const QString& asWideAs) {
      return phraseLines(text, face, QFontMetricsF(face).horizontalAdvance(asWideAs) + 1);
    };
    QCOMPARE(lines(QStringLiteral("one two three"), QStringLiteral("one two thr")),
             (QStringList{QStringLiteral("one two"), QStringLiteral("three")}));
    QCOMPARE(lines(QStringLiteral("甲乙\u200B丙丁戊"), QStringLiteral("甲乙丙丁")),
             (QStringList{QStringLiteral("甲乙"), QStringLiteral("丙丁戊")}));
    QCOMPARE(lines(QStringLiteral("甲乙\u200B丙丁戊"), QStringLiteral("甲乙丙丁戊")),
             QStringList{QStringLiteral("甲乙丙丁戊")});
    // Without a joint that helps: anywhere, and nothing is lost.
    QCOMPARE(lines(QStringLiteral("甲乙丙丁戊己"), QStringLiteral("甲乙")),
             (QStringList{QStringLiteral("甲乙"), QStringLiteral("丙丁"), QStringLiteral("戊己")}));
    QCOMPARE(lines(QString(), QStringLiteral("x")), QStringList());
  }
};

QTEST_MAIN(ComposingTest)
#include "composing_test.moc"
