// The real window on a real profile with the starter model: asking, stopping, ending, coming back.
#include <QApplication>
#include <QClipboard>
#include <QLineEdit>
#include <QListView>
#include <QPaintEvent>
#include <QScrollBar>
#include <QSignalSpy>

#include "app/settings/settings.h"
#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "prepared_chats.h"
#include "stage.h"
#include "ui/chat/answer_turn.h"
#include "ui/chat/composer.h"
#include "ui/chat/transcript_view.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"

// QTRY_COMPARE narrows a duration inside Qt's own macro.
#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal;
using namespace hadal::ui;

/// The widest that a widget was painted.
class PaintWatch : public QObject {
 public:
  explicit PaintWatch(QWidget* widget) { widget->installEventFilter(this); }
  int widest = 0;

 protected:
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() == QEvent::Paint) widest = qMax(widest, static_cast<QPaintEvent*>(event)->rect().width());
    return false;
  }
};

class WindowTest : public QObject {
  Q_OBJECT

 private:
  static void ask(Stage& stage, const QString& text) {
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    edit->setFocus();
    QTest::keyClicks(edit, text);
    QTest::keyClick(edit, Qt::Key_Return);
  }
  static const Message* lastAnswer(Stage& stage) {
    return stage.find<TranscriptView>("transcript")->last(hadal::MessageRole::Assistant);
  }

 private Q_SLOTS:
  void initTestCase() {
    if (Stage::starterModel().isEmpty()) QSKIP("the starter model is not here");
  }

  void aQuestionStreamsAnAnswer() {
    Stage stage;
    stage.start({.model = Stage::starterModel(), .context = 512});
    // Asked while the model may still load: it waits.
    ask(stage, QStringLiteral("Name three colours."));
    auto* transcript = stage.find<TranscriptView>("transcript");
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage), 10000);
    QTRY_VERIFY_WITH_TIMEOUT(!lastAnswer(stage)->content.isEmpty(), 60000);
    QVERIFY(stage.find<Button>("stop")->isVisible());
    QVERIFY(!stage.find<Button>("send")->isVisible());
    QVERIFY(transcript->turn(lastAnswer(stage)->id));
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage)->state != hadal::MessageState::Streaming, 120000);
    QVERIFY(stage.find<Button>("send")->isVisible());
    // What is shown is what is kept.
    auto* body = transcript->turn(lastAnswer(stage)->id)->findChild<MarkdownView*>(QStringLiteral("answerBody"));
    QCOMPARE(body->text(), lastAnswer(stage)->content);
    QCOMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Name three colours."));
    QVERIFY(lastAnswer(stage)->tokensPerSecond > 0);
  }

  void stopStops() {
    Stage stage;
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    ask(stage, QStringLiteral("Write a very long story about the sea."));
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage) && lastAnswer(stage)->content.size() > 20, 60000);
    // Esc does what the button does.
    QTest::keyClick(stage.find<GrowingEdit>("composerEdit"), Qt::Key_Escape);
    QTRY_COMPARE_WITH_TIMEOUT(lastAnswer(stage)->state, hadal::MessageState::Stopped, 5000);
    auto* turn = stage.find<TranscriptView>("transcript")->turn(lastAnswer(stage)->id);
    QVERIFY(turn->findChild<Notice*>(QStringLiteral("answerState"))->sentence().contains(QStringLiteral("stopped")));
  }

  void whatWasInterruptedIsShown() {
    Stage stage;
    // As a crash leaves it: an answer that was streaming when the program was killed.
    const auto id = stage.prepare([](Connection& connection) {
      const Conversation chat = Conversations(connection).insert(QStringLiteral("Killed"));
      Messages messages(connection);
      Message question;
      question.conversation = chat.id;
      question.content = QStringLiteral("Why?");
      question = messages.insert(question);
      Message answer;
      answer.conversation = chat.id;
      answer.parent = question.id;
      answer.role = hadal::MessageRole::Assistant;
      answer.content = QStringLiteral("Because the");
      answer.state = hadal::MessageState::Streaming;
      answer = messages.insert(answer);
      Conversations(connection).setLeaf(chat.id, answer.id);
      return chat.id;
    });
    stage.start({.model = Stage::starterModel()});
    stage.window().chat().openConversation(id);
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage), 10000);
    QCOMPARE(lastAnswer(stage)->state, hadal::MessageState::Interrupted);
    QCOMPARE(lastAnswer(stage)->content, QStringLiteral("Because the"));
    auto* turn = stage.find<TranscriptView>("transcript")->turn(lastAnswer(stage)->id);
    QVERIFY(turn->findChild<Notice*>(QStringLiteral("answerState")));
    // The action beside it: another answer to the same question.
    QVERIFY(stage.waitForModel());
    QTest::mouseClick(turn->findChild<IconButton*>(QStringLiteral("regenerate")), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage) && lastAnswer(stage)->branches == 2, 30000);
  }

  void draftsAndPlaceComeBack() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({.size = {1100, 700}});
    stage.window().chat().openConversation(id);
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
    QTest::keyClicks(edit, QStringLiteral("half a question"));
    auto* transcript = stage.find<TranscriptView>("transcript");
    transcript->verticalScrollBar()->setValue(120);
    const QJsonObject place = transcript->place();
    QVERIFY(!place.isEmpty());
    stage.window().close();
    stage.end();

    stage.start({.size = {}});
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
    QTRY_COMPARE(stage.find<GrowingEdit>("composerEdit")->toPlainText(), QStringLiteral("half a question"));
    QCOMPARE(stage.find<TranscriptView>("transcript")->place(), place);
    QCOMPARE(stage.window().size(), QSize(1100, 700));
    // And the draft of a chat that does not exist yet.
    stage.window().chat().newChat();
    QTest::keyClicks(stage.find<GrowingEdit>("composerEdit"), QStringLiteral("new thought"));
    stage.end();
    stage.start({});
    QTRY_COMPARE(stage.find<GrowingEdit>("composerEdit")->toPlainText(), QStringLiteral("new thought"));
  }

  void themeAndLanguageSwitchLive() {
    Stage stage;
    stage.start({});
    auto* newChat = stage.find<Button>("newChat");
    QCOMPARE(newChat->text(), QStringLiteral("New chat"));
    Settings& settings = stage.services().settings;
    QVERIFY(settings.setValue(QLatin1String(setting::language), QStringLiteral("zh_CN")));
    QTRY_COMPARE(newChat->text(), QStringLiteral("新建对话"));
    QVERIFY(settings.setValue(QLatin1String(setting::theme), QStringLiteral("dark")));
    QTRY_COMPARE(stage.window().palette().color(QPalette::Base), Theme::darkOf(Role::Surface));
    QVERIFY(settings.setValue(QLatin1String(setting::language), QStringLiteral("en")));
    QVERIFY(settings.setValue(QLatin1String(setting::theme), QStringLiteral("light")));
    QTRY_COMPARE(newChat->text(), QStringLiteral("New chat"));
    QTRY_COMPARE(stage.window().palette().color(QPalette::Base), Theme::lightOf(Role::Surface));
  }

  void aBrokenFileSaysWhy() {
    Stage stage;
    stage.start({});
    const QString file = stage.profile() + QStringLiteral("/broken.gguf");
    QFile broken(file);
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write("GGUF and nothing else");
    broken.close();
    stage.window().chat().useModel(file);
    QTRY_VERIFY_WITH_TIMEOUT(stage.services().inference.status().path == file &&
                                 stage.services().inference.status().state == ModelStatus::State::Failed,
                             10000);
    auto* notice = stage.find<Notice>("notice.model");
    QVERIFY(notice->isVisible());
    QVERIFY2(notice->sentence().contains(QStringLiteral("broken.gguf")), qPrintable(notice->sentence()));
    QCOMPARE(notice->kind(), Notice::Kind::Danger);
    QVERIFY(!notice->findChildren<Button*>().isEmpty());
    // A good file, and it is gone.
    stage.window().chat().useModel(Stage::starterModel());
    QVERIFY(
        QTest::qWaitFor([&] { return stage.services().inference.status().state == ModelStatus::State::Ready; }, 60000));
    QTRY_VERIFY(!stage.window().findChild<Notice*>(QStringLiteral("notice.model")));
  }

  void tooLongIsSaidBeforeItIsSent() {
    Stage stage;
    stage.start({.model = Stage::starterModel(), .context = 64});
    QVERIFY(stage.waitForModel());
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    edit->setPlainText(QStringLiteral("word ").repeated(200).trimmed());
    // Measured a moment after typing ends; the meter tells when.
    QSignalSpy measured(&stage.services().inference, &InferenceService::promptMeasured);
    QTRY_VERIFY_WITH_TIMEOUT(measured.size() > 0, 10000);
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_VERIFY(stage.window().findChild<Notice*>(QStringLiteral("notice.context")));
    QVERIFY(!edit->toPlainText().isEmpty());
    QVERIFY(stage.find<TranscriptView>("transcript")->isEmpty());
  }

  void deleteCanBeUndone() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().openConversation(id);
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
    stage.window().chat().deleteCurrent();
    QTRY_VERIFY(stage.window().findChild<Notice*>(QStringLiteral("notice.removed")));
    QCOMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("New chat"));
    auto* notice = stage.find<Notice>("notice.removed");
    QTest::mouseClick(notice->findChildren<Button*>().first(), Qt::LeftButton);
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
  }

  void deleteIsUndoneByKey_data() {
    QTest::addColumn<QString>("focus");
    QTest::newRow("in the composer") << QStringLiteral("composerEdit");
    QTest::newRow("elsewhere") << QStringLiteral("transcript");
  }
  void deleteIsUndoneByKey() {
    QFETCH(QString, focus);
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().openConversation(id);
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
    stage.window().chat().deleteCurrent();
    QTRY_VERIFY(stage.window().findChild<Notice*>(QStringLiteral("notice.removed")));
    auto* widget = stage.window().findChild<QWidget*>(focus);
    widget->setFocus();
    QTest::keyClick(widget, Qt::Key_Z, Qt::ControlModifier);
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
  }

  // The caret repaints no more than its own strip.
  void anotherPlaceholderIsPaintedWhole() {
    Stage stage;
    stage.start({});
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    PaintWatch watch(edit->viewport());
    QTRY_VERIFY(watch.widest > 0);  // What was to be painted is.
    watch.widest = 0;
    stage.find<Composer>("composer")->setSendingPossible(true, QStringLiteral("Other words"));
    QTRY_COMPARE(watch.widest, edit->viewport()->width());
  }

  void aNewerDatabaseCannotBeAskedIn() {
    Stage stage;
    stage.prepare([](Connection& connection) {
      connection.execute(QStringLiteral("PRAGMA user_version = 99"));
      return 0;
    });
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    QTest::keyClicks(stage.find<GrowingEdit>("composerEdit"), QStringLiteral("Why?"));
    auto* send = stage.find<Button>("send");
    QTRY_VERIFY(!send->isEnabled());
    QVERIFY2(send->toolTip().contains(QStringLiteral("newer Hadal")), qPrintable(send->toolTip()));
    auto* banner = stage.find<Notice>(qPrintable(QStringLiteral("notice.") + send->toolTip()));
    QVERIFY(banner->isVisible());
    QVERIFY(!banner->findChild<IconButton*>());
  }

  void whatIsPastedAndSentAtOnceIsCountedFirst() {
    Stage stage;
    stage.start({.model = Stage::starterModel(), .context = 64});
    QVERIFY(stage.waitForModel());
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    edit->setPlainText(QStringLiteral("word ").repeated(200).trimmed());
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_VERIFY(stage.window().findChild<Notice*>(QStringLiteral("notice.context")));
    QVERIFY(!edit->toPlainText().isEmpty());
    QVERIFY(stage.find<TranscriptView>("transcript")->isEmpty());
    edit->setPlainText(QStringLiteral("Why?"));
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_VERIFY(edit->toPlainText().isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(lastAnswer(stage), 10000);
  }

  // The starter's context cannot be made longer, and this question would not fit into a new chat either.
  void onlyWhatHelpsIsOffered() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    stage.window().chat().openConversation(id);
    QTRY_VERIFY(!stage.find<TranscriptView>("transcript")->isEmpty());
    auto* edit = stage.find<GrowingEdit>("composerEdit");
    edit->setPlainText(QStringLiteral("word ").repeated(9000).trimmed());
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(stage.window().findChild<Notice*>(QStringLiteral("notice.context")), 20000);
    QStringList offered;
    for (const Button* button : stage.find<Notice>("notice.context")->findChildren<Button*>())
      offered << button->text();
    QCOMPARE(offered, QStringList{QStringLiteral("Choose another model")});
  }

  void askedAgainTheKeyboardIsInTheComposer() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().openConversation(id);
    QTRY_VERIFY(!stage.find<TranscriptView>("transcript")->isEmpty());
    stage.find<TranscriptView>("transcript")->editLast();
    auto* edit = stage.find<GrowingEdit>("editQuestion");
    edit->setPlainText(QStringLiteral("In other words?"));
    QTest::keyClick(edit, Qt::Key_Return);
    QTRY_COMPARE(QApplication::focusWidget(), stage.find<GrowingEdit>("composerEdit"));
  }

  void aModelThatFailsIsSaidInTheSettingsToo() {
    Stage stage;
    stage.start({.model = Stage::starterModel()});
    QVERIFY(stage.waitForModel());
    stage.window().showSettings();
    auto* notices = stage.find<NoticeStack>("settingsNotices");
    QVERIFY(!notices->isVisible());
    stage.services().settings.setValue(QLatin1String(setting::modelFile), QStringLiteral("/nowhere/other.gguf"));
    QTRY_VERIFY_WITH_TIMEOUT(notices->isVisible(), 10000);
    QVERIFY(notices->findChild<Notice*>()->sentence().contains(QStringLiteral("other.gguf")));
    stage.window().showChat();
    QTRY_VERIFY(notices->isEmpty());
  }

  void whatCouldNotBeKeptIsForgottenOnceItIs() {
    Stage stage;
    stage.start({});
    Q_EMIT stage.services().chat.storeFailed(QStringLiteral("The disk is full."));
    QVERIFY(stage.window().findChild<Notice*>(QStringLiteral("notice.store")));
    stage.services().chat.ask(0, QStringLiteral("Why?"));
    QTRY_VERIFY(!stage.window().findChild<Notice*>(QStringLiteral("notice.store")));
  }

  void searchFindsInMessages() {
    Stage stage;
    stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().searchEverywhere();
    auto* field = stage.find<QLineEdit>("chatSearch");
    QTest::keyClicks(field, QStringLiteral("timsort"));
    auto* list = stage.find<QListView>("conversations");
    QTRY_VERIFY_WITH_TIMEOUT(list->model()->rowCount() == 2, 5000);  // A heading and the hit.
    QTest::keyClick(field, Qt::Key_Return);
    QTRY_COMPARE(stage.find<ElidedLabel>("chatTitle")->text(), QStringLiteral("Sorting 50,000 log lines"));
  }
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"
