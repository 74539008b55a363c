// What a failed answer offers: only what can help.
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include "resources/resources.h"
#include "ui/chat/answer_turn.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/notice.h"

using namespace hadal;
using namespace hadal::ui;

class AnswerTurnTest : public QObject {
  Q_OBJECT

  static QStringList offered(AnswerTurn& turn) {
    QStringList out;
    const auto* notice = turn.findChild<Notice*>(QStringLiteral("answerState"));
    if (!notice) return out;
    for (const Button* button : notice->findChildren<Button*>()) {
      if (!button->text().isEmpty()) out << button->text();
    }
    return out;
  }

 private Q_SLOTS:
  void initTestCase() {
    initResources();
    Theme::install(*qApp, Theme::Mode::Light);
  }

  void offersWhatHelps_data() {
    QTest::addColumn<int>("problem");
    QTest::addColumn<int>("now");
    QTest::addColumn<int>("most");
    QTest::addColumn<QString>("first");
    const auto row = [](const char* name, MessageProblem problem, int now, int most, const char* first) {
      QTest::newRow(name) << static_cast<int>(problem) << now << most << QString::fromLatin1(first);
    };
    using enum MessageProblem;
    // The prompt takes 1000 tokens, the answer so far 200.
    row("too long, can be raised", PromptTooLong, 512, 4096, "Change the context");
    row("too long, no bound known", PromptTooLong, 512, 0, "Change the context");
    row("too long, no model there", PromptTooLong, 0, 0, "Change the context");
    row("too long, at the limit", PromptTooLong, 512, 512, "Choose another model");
    row("too long, could not be raised enough", PromptTooLong, 512, 1000, "Choose another model");
    row("too long, raised since", PromptTooLong, 4096, 4096, "Regenerate");
    row("full, can be raised", ContextFull, 1200, 4096, "Change the context");
    row("full, at the limit", ContextFull, 1200, 1200, "Choose another model");
    row("full, raised since", ContextFull, 2048, 2048, "Continue");
    row("no model", NoModel, 512, 4096, "Choose a model");
    row("model failed", ModelFailed, 512, 4096, "Choose another model");
  }
  void offersWhatHelps() {
    QFETCH(int, problem);
    QFETCH(int, now);
    QFETCH(int, most);
    QFETCH(QString, first);
    hadal::Message message;
    message.id = 1;
    message.role = MessageRole::Assistant;
    message.state = MessageState::Failed;
    message.problem = static_cast<MessageProblem>(problem);
    message.error = QStringLiteral("A sentence.");
    message.promptTokens = 1000;
    if (message.problem == MessageProblem::ContextFull) {
      message.content = QStringLiteral("So far.");
      message.tokens = 200;
    }
    AnswerTurn turn(message, nullptr);
    turn.setContextRoom({now, most});
    QCOMPARE(offered(turn).value(0), first);
    QCOMPARE(offered(turn).contains(QStringLiteral("Change the context")),
             first == QStringLiteral("Change the context"));
    QSignalSpy wanted(&turn, &Turn::actionWanted);
    turn.findChild<Notice*>(QStringLiteral("answerState"))->findChild<Button*>()->click();
    QCOMPARE(wanted.size(), 1);
  }

  void followsTheModel() {
    hadal::Message message;
    message.id = 1;
    message.role = MessageRole::Assistant;
    message.state = MessageState::Failed;
    message.problem = MessageProblem::PromptTooLong;
    message.promptTokens = 1000;
    AnswerTurn turn(message, nullptr);
    turn.setContextRoom({512, 512});
    QCOMPARE(offered(turn).value(0), QStringLiteral("Choose another model"));
    turn.setContextRoom({512, 8192});
    QCOMPARE(offered(turn).value(0), QStringLiteral("Change the context"));
    turn.setContextRoom({8192, 8192});
    QCOMPARE(offered(turn).value(0), QStringLiteral("Regenerate"));
  }
};

QTEST_MAIN(AnswerTurnTest)
#include "answer_turn_test.moc"
