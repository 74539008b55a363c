// The colours keep the contrast that makes them readable, and the scheme follows what is asked for.
#include <QApplication>
#include <QLabel>
#include <QTest>
#include <cmath>

#include "resources/resources.h"
#include "ui/theme/theme.h"

// QTRY_COMPARE narrows a duration inside Qt's own macro.
#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal::ui;

namespace {

// WCAG 2.2, relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
double luminance(const QColor& colour) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

double contrast(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

}  // namespace

class ThemeTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    hadal::initResources();
    Theme::install(*qApp, Theme::Mode::Light);
  }

  void tableIsInOrder() {
    for (int i = 0; i < roleCount; ++i) QCOMPARE(static_cast<int>(roleTable()[static_cast<std::size_t>(i)].role), i);
  }

  void contrastIsEnough_data() {
    QTest::addColumn<Role>("ink");
    QTest::addColumn<Role>("ground");
    QTest::addColumn<double>("least");
    const QList<Role> grounds{Role::Window, Role::Surface, Role::Raised, Role::Popup, Role::Hover, Role::AccentSoft};
    const auto name = [](Role role) { return roleTable()[static_cast<std::size_t>(role)].name; };
    const auto row = [&](Role ink, Role ground, double least) {
      QTest::addRow("%s on %s", name(ink), name(ground)) << ink << ground << least;
    };
    for (const Role ground : grounds) {
      row(Role::Text, ground, 4.5);
      row(Role::TextMuted, ground, 4.5);
    }
    for (const Role ink : {Role::Accent, Role::Success, Role::Warning, Role::Danger}) row(ink, Role::Surface, 4.5);
    row(Role::Accent, Role::AccentSoft, 4.5);
    row(Role::Warning, Role::WarningSoft, 4.5);
    row(Role::Danger, Role::DangerSoft, 4.5);
    row(Role::Success, Role::SuccessSoft, 4.5);
    row(Role::Text, Role::WarningSoft, 4.5);
    row(Role::Text, Role::DangerSoft, 4.5);
    row(Role::Text, Role::Selection, 4.5);
    row(Role::Ghost, Role::Surface, 4.5);
    for (const Role ground : {Role::Accent, Role::AccentHover, Role::AccentPressed}) row(Role::OnAccent, ground, 4.5);
    for (const Role ink : {Role::CodeKeyword, Role::CodeString, Role::CodeNumber, Role::CodeComment, Role::CodeFunction,
                           Role::CodeType}) {
      row(ink, Role::Raised, 4.5);
    }
    for (const Role ground : {Role::Window, Role::Surface}) row(Role::Control, ground, 3.0);
  }

  void contrastIsEnough() {
    QFETCH(Role, ink);
    QFETCH(Role, ground);
    QFETCH(double, least);
    const double light = contrast(Theme::lightOf(ink), Theme::lightOf(ground));
    const double dark = contrast(Theme::darkOf(ink), Theme::darkOf(ground));
    QVERIFY2(light >= least, qPrintable(QStringLiteral("light: %1").arg(light)));
    QVERIFY2(dark >= least, qPrintable(QStringLiteral("dark: %1").arg(dark)));
  }

  void switchesLive() {
    theme().setMode(Theme::Mode::Light);
    QLabel label;
    QTRY_COMPARE(label.palette().color(QPalette::Window), Theme::lightOf(Role::Window));
    theme().setMode(Theme::Mode::Dark);
    QTRY_COMPARE(label.palette().color(QPalette::Window), Theme::darkOf(Role::Window));
    theme().setMode(Theme::Mode::Light);
    QTRY_COMPARE(label.palette().color(QPalette::Window), Theme::lightOf(Role::Window));
  }

  void iconsAreTintedAndSharp() {
    const QPixmap one = theme().icon(QStringLiteral("search"), Role::Danger, 20, 1);
    const QPixmap two = theme().icon(QStringLiteral("search"), Role::Danger, 20, 2);
    QCOMPARE(one.size(), QSize(20, 20));
    QCOMPARE(two.size(), QSize(40, 40));
    const QImage image = two.toImage();
    bool tinted = false;
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) tinted = tinted || image.pixelColor(x, y) == theme().colour(Role::Danger);
    }
    QVERIFY(tinted);
  }
};

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"
