// What a screen reader is told, and what the keyboard reaches.
#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSet>

#include "prepared_chats.h"
#include "stage.h"
#include "ui/widgets/pressable.h"

#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal;
using namespace hadal::ui;

namespace {

bool isControl(QAccessible::Role role) {
  switch (role) {
    case QAccessible::Button:
    case QAccessible::CheckBox:
    case QAccessible::RadioButton:
    case QAccessible::EditableText:
    case QAccessible::SpinBox:
    case QAccessible::List:
    case QAccessible::ListItem:
      return true;
    default:
      return false;
  }
}

void collectNameless(QAccessibleInterface* from, QStringList& nameless, int& controls) {
  if (!from || !from->isValid() || from->state().invisible) return;
  if (isControl(from->role())) {
    ++controls;
    if (from->text(QAccessible::Name).trimmed().isEmpty()) {
      const QObject* object = from->object();
      nameless << QStringLiteral("%1 %2").arg(
          object ? QLatin1String(object->metaObject()->className()) : QStringLiteral("?"),
          object ? object->objectName() : QString());
    }
  }
  for (int i = 0; i < from->childCount(); ++i) collectNameless(from->child(i), nameless, controls);
}

}  // namespace

class AccessibilityTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { QAccessible::setActive(true); }

  void everyControlHasAName_data() {
    QTest::addColumn<QString>("scene");
    QTest::newRow("chat") << QStringLiteral("chat");
    QTest::newRow("empty") << QStringLiteral("empty");
    QTest::newRow("settings") << QStringLiteral("settings");
    QTest::newRow("palette") << QStringLiteral("palette");
    QTest::newRow("find") << QStringLiteral("find");
  }

  void everyControlHasAName() {
    QFETCH(QString, scene);
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    if (scene != QLatin1String("empty")) {
      stage.window().chat().openConversation(id);
      QTest::qWait(200);
    }
    if (scene == QLatin1String("settings")) stage.window().showSettings();
    if (scene == QLatin1String("palette")) stage.window().showPalette();
    if (scene == QLatin1String("find")) stage.window().chat().findHere();
    QCoreApplication::processEvents();
    QStringList nameless;
    int controls = 0;
    collectNameless(QAccessible::queryAccessibleInterface(&stage.window()), nameless, controls);
    QVERIFY(controls > 5);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
  }

  // Tab comes round to where it began and has then been at every button that is shown.
  void tabReachesEveryButton() {
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    stage.window().chat().openConversation(id);
    QTest::qWait(300);
    QWidget* first = QApplication::focusWidget();
    QVERIFY(first);
    QSet<QWidget*> reached;
    for (int i = 0; i < 200; ++i) {
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
      QWidget* now = QApplication::focusWidget();
      QVERIFY(now);
      reached << now;
      if (now == first) break;
    }
    QVERIFY2(reached.contains(first), "Tab did not come round");
    for (QAbstractButton* button : stage.window().findChildren<QAbstractButton*>()) {
      if (!button->isVisible() || !button->isEnabled()) continue;
      QVERIFY2(reached.contains(button), qPrintable(button->text() + button->accessibleName() + button->objectName()));
    }
  }

  // The ring is for the keyboard: a click shows none.
  void focusFromTheKeyboardIsSeen() {
    Stage stage;
    stage.start({});
    auto* button = stage.find<Pressable>("newChat");
    stage.find<QWidget>("composerEdit")->setFocus();
    const QImage rest = button->grab().toImage();
    button->setFocus(Qt::TabFocusReason);
    QVERIFY(button->grab().toImage() != rest);
    button->clearFocus();
    button->setFocus(Qt::MouseFocusReason);
    QCOMPARE(button->grab().toImage(), rest);
  }
};

QTEST_MAIN(AccessibilityTest)
#include "accessibility_test.moc"
