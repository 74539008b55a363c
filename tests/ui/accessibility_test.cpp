// What a screen reader is told, and what the keyboard reaches.
#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QSet>

#include "prepared_chats.h"
#include "stage.h"
#include "ui/widgets/label.h"
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

  // Wherever Tab leads, it is seen: the widget looks different with the focus than without.
  void everyStopShowsItsFocus_data() {
    QTest::addColumn<QString>("scene");
    for (const char* scene : {"chat", "empty", "settings", "find"}) QTest::newRow(scene) << QString::fromLatin1(scene);
  }

  void everyStopShowsItsFocus() {
    QFETCH(QString, scene);
    QApplication::setCursorFlashTime(0);
    Stage stage;
    const auto id = stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    if (scene != QLatin1String("empty")) {
      stage.window().chat().openConversation(id);
      QTest::qWait(200);
    }
    if (scene == QLatin1String("settings")) stage.window().showSettings();
    if (scene == QLatin1String("find")) stage.window().chat().findHere();
    QCoreApplication::processEvents();
    const QWidget* first = nullptr;
    QStringList unseen;
    int stops = 0;
    for (int i = 0; i < 200; ++i) {
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
      QWidget* now = QApplication::focusWidget();
      QVERIFY(now);
      if (now == first) break;
      if (!first) first = now;
      ++stops;
      // With all around it: some show it on what they stand in.
      QWidget* seen = now->parentWidget();
      const QImage with = seen->grab().toImage();
      now->clearFocus();
      if (seen->grab().toImage() == with)
        unseen << QLatin1String(now->metaObject()->className()) + QLatin1Char(' ') + now->objectName();
      now->setFocus(Qt::TabFocusReason);
    }
    QVERIFY(stops > 5);
    QVERIFY2(unseen.isEmpty(), qPrintable(unseen.join(QLatin1Char('\n'))));
  }

  void theListIsWalkedWithTheKeys() {
    Stage stage;
    stage.prepare([](Connection& connection) { return prepared::write(connection, false); });
    stage.start({});
    auto* list = stage.find<QListView>("conversations");
    QTRY_VERIFY(list->model()->rowCount() > 10);
    QWidget* window = &stage.window();
    const auto key = [&](int k, Qt::KeyboardModifiers with = {}) {
      QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : window, Qt::Key(k), with);
    };
    const auto title = [&] { return stage.find<ElidedLabel>("chatTitle")->text(); };
    key(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QApplication::focusWidget(), stage.find<QWidget>("chatSearch"));
    key(Qt::Key_Down);
    QCOMPARE(QApplication::focusWidget(), list);
    // Seen where it is, though the window was last clicked at.
    QTest::mouseClick(stage.find<QWidget>("composer"), Qt::LeftButton);
    list->setFocus(Qt::OtherFocusReason);
    const QImage before = list->grab().toImage();
    key(Qt::Key_Down);
    QVERIFY(list->grab().toImage() != before);
    key(Qt::Key_Return);
    const QString open = list->currentIndex().data().toString();
    QTRY_COMPARE(title(), open);
    // A new name by F2, and back by Esc.
    list->setFocus();
    key(Qt::Key_F2);
    auto* editor = list->findChild<QLineEdit*>();
    QVERIFY(editor);
    QTest::keyClicks(editor, QStringLiteral("Another name"));
    QTest::keyClick(editor, Qt::Key_Escape);
    QTRY_VERIFY(!list->findChild<QLineEdit*>());
    QCOMPARE(list->currentIndex().data().toString(), open);
    list->setFocus();
    key(Qt::Key_F2);
    QTest::keyClicks(list->findChild<QLineEdit*>(), QStringLiteral("Another name"));
    QTest::keyClick(list->findChild<QLineEdit*>(), Qt::Key_Return);
    QTRY_COMPARE(title(), QStringLiteral("Another name"));
    // Deleting stays in the list, at the next one.
    list->setFocus();
    const int row = list->currentIndex().row();
    key(Qt::Key_Delete);
    QTRY_COMPARE(title(), QStringLiteral("New chat"));
    QCOMPARE(QApplication::focusWidget(), list);
    QVERIFY(list->currentIndex().isValid());
    QVERIFY(qAbs(list->currentIndex().row() - row) <= 1);
    key(Qt::Key_N, Qt::ControlModifier);
    QCOMPARE(QApplication::focusWidget(), stage.find<QWidget>("composerEdit"));
    key(Qt::Key_K, Qt::ControlModifier);
    QTRY_VERIFY(stage.find<QWidget>("palette")->isVisible());
    key(Qt::Key_Escape);
    QVERIFY(!stage.find<QWidget>("palette")->isVisible());
    QCOMPARE(QApplication::focusWidget(), stage.find<QWidget>("composerEdit"));
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
