// The settings page is the settings table: every row is there, changes at once, and what is fixed says so.
#include <QAbstractButton>
#include <QApplication>
#include <QDoubleSpinBox>

#include "app/settings/settings.h"
#include "resources/resources.h"
#include "ui/settings/setting_row.h"
#include "ui/settings/settings_page.h"
#include "ui/theme/theme.h"
#include "ui/widgets/label.h"

#include <QTest>

using namespace hadal;
using namespace hadal::ui;

class SettingsPageTest : public QObject {
  Q_OBJECT

 private:
  static SettingRow* row(SettingsPage& page, const char* key) {
    auto* found = page.findChild<SettingRow*>(QStringLiteral("setting.") + QLatin1String(key));
    if (!found) qFatal("no row for %s", key);
    return found;
  }

 private Q_SLOTS:
  void initTestCase() {
    initResources();
    Theme::install(*qApp, Theme::Mode::Light);
  }

  void everySettingHasItsRow() {
    Settings settings;
    SettingsPage page(settings);
    qsizetype shown = 0;
    for (const SettingSpec& spec : Settings::table()) {
      if (spec.hidden) continue;
      row(page, spec.key);
      ++shown;
    }
    QCOMPARE(page.findChildren<SettingRow*>().size(), shown);
  }

  void measuredThreadsAreTold() {
    Settings settings;
    SettingsPage page(settings);
    ModelStatus status;
    status.state = ModelStatus::State::Ready;
    const auto told = [&] {
      const QString sentence = QStringLiteral("6 threads read prompts and 3 write answers");
      const auto labels = row(page, setting::threads)->findChildren<TextLabel*>();
      return std::ranges::any_of(labels, [&](TextLabel* label) { return label->text().contains(sentence); });
    };
    page.setModel(status);
    QVERIFY(!told());
    status.readingThreads = 6;
    status.writingThreads = 3;
    page.setModel(status);
    QVERIFY(told());
    status.readingThreads = status.writingThreads = 0;  // the person has chosen a number
    page.setModel(status);
    QVERIFY(!told());
  }

  void choosingChangesTheSetting() {
    Settings settings;
    SettingsPage page(settings);
    page.resize(1000, 800);
    page.show();
    for (QAbstractButton* button : row(page, setting::theme)->findChildren<QAbstractButton*>()) {
      if (button->text() == QStringLiteral("Dark")) QTest::mouseClick(button, Qt::LeftButton);
    }
    QCOMPARE(settings.value(QLatin1String(setting::theme)).toString(), QStringLiteral("dark"));
    auto* temperature = row(page, setting::temperature)->findChild<QDoubleSpinBox*>();
    temperature->setValue(0.25);
    QCOMPARE(settings.value(QLatin1String(setting::temperature)).toDouble(), 0.25);
  }

  void aChangeFromElsewhereIsShown() {
    Settings settings;
    SettingsPage page(settings);
    settings.setValue(QLatin1String(setting::topK), 7);
    QCOMPARE(row(page, setting::topK)->findChild<QDoubleSpinBox*>()->value(), 7.0);
  }

  void whatIsFixedSaysSo() {
    Settings settings;
    settings.lock(QLatin1String(setting::temperature), 0.5);
    SettingsPage page(settings);
    page.show();
    SettingRow* fixed = row(page, setting::temperature);
    auto* control = fixed->findChild<QDoubleSpinBox*>();
    QCOMPARE(control->value(), 0.5);
    QVERIFY(!control->isEnabled());
    bool said = false;
    for (const TextLabel* label : fixed->findChildren<TextLabel*>())
      said = said || label->text().contains(QStringLiteral("administrator"));
    QVERIFY(said);
    QVERIFY(row(page, setting::topK)->findChild<QDoubleSpinBox*>()->isEnabled());
  }

  void aLockedChoiceIsStillSeen() {
    Settings settings;
    settings.lock(QLatin1String(setting::language), QStringLiteral("zh_CN"));
    SettingsPage page(settings);
    page.resize(1000, 800);
    page.show();
    int checked = 0;
    QSet<QRgb> grounds, others;
    for (QAbstractButton* segment : row(page, setting::language)->findChildren<QAbstractButton*>()) {
      QVERIFY(!segment->isEnabled());
      checked += segment->isChecked();
      const QRgb ground = segment->grab().toImage().pixel(8, segment->height() / 2);
      (segment->isChecked() ? grounds : others) << ground;
    }
    QCOMPARE(checked, 1);
    QVERIFY(!others.isEmpty());
    QVERIFY(!grounds.intersects(others));
  }
};

QTEST_MAIN(SettingsPageTest)
#include "settings_page_test.moc"
