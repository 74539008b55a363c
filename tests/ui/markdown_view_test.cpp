// The view of an answer: selecting across it, links that show where they lead, and a stream whose cost does not grow.
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QMenu>
#include <QSignalSpy>
#include <QTest>

#include "resources/resources.h"
#include "ui/markdown/code_colours.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"

#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal::ui;

class MarkdownViewTest : public QObject {
  Q_OBJECT

 private:
  static void show(MarkdownView& view, const QString& text, int width = 600) {
    view.setText(text);
    view.resize(width, view.lay(width));
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
  }

 private Q_SLOTS:
  void initTestCase() {
    hadal::initResources();
    Theme::install(*qApp, Theme::Mode::Light);
  }

  void selectionRunsAcrossBlocks() {
    MarkdownView view(nullptr);
    show(
        view,
        QStringLiteral(
            "# Title\n\nfirst **bold** words\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```c\nint x;\n```"));
    view.selectAll();
    QCOMPARE(view.selectedText(), QStringLiteral("Title\n\nfirst bold words\n\n- one\n- two\n\na\tb\n1\t2\n\nint x;"));
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
    QCOMPARE(QApplication::clipboard()->text(), view.selectedText());
    // By the mouse, from the middle of one block into another.
    view.clearSelection();
    QTest::mousePress(&view, Qt::LeftButton, {}, QPoint(0, 40));
    QTest::mouseMove(&view, QPoint(590, 40));
    QTest::mouseRelease(&view, Qt::LeftButton, {}, QPoint(590, 40));
    QCOMPARE(view.selectedText(), QStringLiteral("first bold words"));
  }

  void linksShowWhereTheyLead_data() {
    QTest::addColumn<QString>("target");
    QTest::addColumn<bool>("opens");
    QTest::newRow("https") << QStringLiteral("https://example.org/a?b=c") << true;
    QTest::newRow("http") << QStringLiteral("http://example.org/") << true;
    QTest::newRow("file") << QStringLiteral("file:///etc/passwd") << false;
    QTest::newRow("script") << QStringLiteral("javascript:alert(1)") << false;
    QTest::newRow("program") << QStringLiteral("smb://host/share") << false;
  }

  void linksShowWhereTheyLead() {
    QFETCH(QString, target);
    QFETCH(bool, opens);
    MarkdownView view(nullptr);
    show(view, QStringLiteral("[harmless words](%1)").arg(target));
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(20, 11));
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    QVERIFY(menu);
    QVERIFY(menu->actions().first()->text().contains(target.section(QLatin1Char('?'), 0, 0)));
    QVERIFY(!menu->actions().first()->isEnabled());
    bool offered = false;
    for (const QAction* action : menu->actions()) offered = offered || action->text().contains(QStringLiteral("Open"));
    QCOMPARE(offered, opens);
    menu->close();
  }

  void codeIsCopiedByItsButton() {
    CodeColours colours;
    MarkdownView view(&colours);
    show(view, QStringLiteral("```python\nprint(1)\nprint(2)\n```"));
    auto* button = view.findChild<Button*>();
    QVERIFY(button);
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("print(1)\nprint(2)"));
  }

  void coloursArrive() {
    CodeColours colours;
    MarkdownView view(&colours);
    QSignalSpy arrived(&colours, &CodeColours::coloured);
    show(view, QStringLiteral("```python\nreturn 42  # why\n```"));
    // On a busy machine they may be there before the first look, so the colourless is drawn by a view without any.
    MarkdownView plain(nullptr);
    plain.setText(view.text());
    plain.resize(view.width(), plain.lay(view.width()));
    const QImage before = plain.grab().toImage();
    QTRY_VERIFY_WITH_TIMEOUT(arrived.size() >= 1, 20000);
    QTRY_VERIFY(view.grab().toImage() != before);
    // The other theme brings its own, without asking again.
    const auto count = arrived.size();
    theme().setMode(Theme::Mode::Dark);
    QVERIFY(view.grab().toImage() != before);
    QCOMPARE(arrived.size(), count);
    theme().setMode(Theme::Mode::Light);
  }

  // An answer of 200 kB in small pieces: the last tenth must not cost much more than the first.
  void streamingCostsTheSameAtTheEnd() {
    CodeColours colours;
    MarkdownView view(&colours);
    view.resize(600, 400);
    view.lay(600);
    const QString part = QStringLiteral(
        "A paragraph with **bold** and `code` words in it.\n\n- an item\n- another\n\n```python\nprint(1)\n```\n\n");
    const QString text = part.repeated(200'000 / static_cast<int>(part.size()));
    constexpr int step = 100;
    const qsizetype steps = text.size() / step;
    QElapsedTimer clock;
    double first = 0, last = 0;
    for (qsizetype i = 0; i < steps; ++i) {
      clock.start();
      view.append(text.mid(i * step, step));
      view.flush();
      const double cost = static_cast<double>(clock.nsecsElapsed()) / 1e6;
      if (i < steps / 10) first += cost;
      if (i >= steps - steps / 10) last += cost;
    }
    qInfo("first tenth %.0f ms, last tenth %.0f ms, %lld frames", first, last, static_cast<long long>(steps));
    QVERIFY2(last < 6 * first + 100, "the cost of a frame grows with the answer");
  }
};

QTEST_MAIN(MarkdownViewTest)
#include "markdown_view_test.moc"
