#include <QSet>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/settings/settings.h"
#include "app/store/settings_rows.h"
#include "waiting.h"

using namespace hadal;

class SettingsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void theTableIsSound() {
    QSet<QString> keys;
    for (const SettingSpec& spec : Settings::table()) {
      const QString key = QString::fromLatin1(spec.key);
      QVERIFY2(!keys.contains(key), spec.key);
      keys.insert(key);
      QVERIFY2(spec.defaultValue.isValid(), spec.key);
      if (!spec.hidden) QVERIFY2(*spec.label && *spec.help, spec.key);
      QVERIFY2(spec.label && spec.help && spec.page && *spec.page, spec.key);
      QCOMPARE(spec.choices.size(), spec.choiceLabels.size());
      Settings settings;
      QCOMPARE(settings.value(key), spec.defaultValue);
      // Every default is a value that could be set.
      if (!spec.readOnly) QVERIFY2(settings.setValue(key, spec.defaultValue), spec.key);
    }
  }

  void refusesWhatDoesNotFit_data() {
    QTest::addColumn<QString>("key");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<bool>("fits");
    const auto row = [](const char* name, const char* key, const QVariant& value, bool fits) {
      QTest::newRow(name) << QString::fromLatin1(key) << value << fits;
    };
    row("unknown", "no.such", 1, false);
    row("choice", setting::theme, QStringLiteral("dark"), true);
    row("no choice", setting::theme, QStringLiteral("pink"), false);
    row("number", setting::threads, 4, true);
    row("number as text", setting::threads, QStringLiteral("4"), true);
    row("no number", setting::threads, QStringLiteral("many"), false);
    row("below", setting::threads, -1, false);
    row("above", setting::temperature, 2.5, false);
    row("real", setting::temperature, 1.5, true);
    row("read-only", setting::dataFolder, QStringLiteral("/elsewhere"), false);
  }
  void refusesWhatDoesNotFit() {
    QFETCH(QString, key);
    QFETCH(QVariant, value);
    QFETCH(bool, fits);
    Settings settings;
    QSignalSpy changed(&settings, &Settings::changed);
    QCOMPARE(settings.setValue(key, value), fits);
    QCOMPARE(changed.size(), fits ? 1 : 0);
  }

  void policyWinsOverRunOverPerson() {
    Settings settings;
    QVERIFY(settings.setValue(setting::threads, 2));
    settings.overrideForRun(setting::threads, 3);
    QCOMPARE(settings.value(setting::threads).toInt(), 3);
    settings.lock(setting::threads, 4);
    QCOMPARE(settings.value(setting::threads).toInt(), 4);
    QVERIFY(settings.isLocked(setting::threads));
    QVERIFY(!settings.setValue(setting::threads, 5));
    settings.reset(setting::threads);
    QCOMPARE(settings.value(setting::threads).toInt(), 4);
  }

  void choosingEndsTheOverride() {
    Settings settings;
    settings.overrideForRun(setting::threads, 3);
    QVERIFY(settings.setValue(setting::threads, 5));
    QCOMPARE(settings.value(setting::threads).toInt(), 5);
  }

  void areKeptAndReset() {
    QTemporaryDir folder;
    const StoreOptions options{.file = folder.filePath(QStringLiteral("hadal.db")),
                               .backupFolder = folder.filePath(QStringLiteral("b"))};
    {
      Store store(options);
      Settings settings;
      settings.attach(store, kept(store.open()).settings);
      QVERIFY(settings.setValue(setting::threads, 7));
      QVERIFY(settings.setValue(setting::temperature, 0.25));
      QVERIFY(settings.setValue(setting::systemPrompt, QStringLiteral("你好")));
      settings.overrideForRun(setting::topK, 1);
    }
    {
      Store store(options);
      Settings settings;
      QSignalSpy changed(&settings, &Settings::changed);
      settings.attach(store, kept(store.open()).settings);
      QCOMPARE(changed.size(), 3);
      QCOMPARE(settings.value(setting::threads), QVariant(7));
      QCOMPARE(settings.value(setting::temperature), QVariant(0.25));
      QCOMPARE(settings.value(setting::systemPrompt), QVariant(QStringLiteral("你好")));
      QCOMPARE(settings.value(setting::topK), QVariant(40));
      settings.reset(setting::threads);
      QCOMPARE(settings.value(setting::threads), QVariant(0));
    }
    Store store(options);
    QCOMPARE(kept(store.open()).settings.contains(QString::fromLatin1(setting::threads)), false);
  }

  void ignoresNonsenseInTheDatabase() {
    QTemporaryDir folder;
    Store store(
        {.file = folder.filePath(QStringLiteral("hadal.db")), .backupFolder = folder.filePath(QStringLiteral("b"))});
    kept(store.open());
    kept(store.write([](Connection& c) {
      SettingsRows(c).set(QString::fromLatin1(setting::threads), QStringLiteral("many"));
      SettingsRows(c).set(QStringLiteral("key.of.a.newer.program"), 1);
      return Nothing{};
    }));
    Settings settings;
    settings.attach(store, kept(store.read([](Connection& c) { return SettingsRows(c).all(); })));
    QCOMPARE(settings.value(setting::threads), QVariant(0));
  }
};

QTEST_GUILESS_MAIN(SettingsTest)
#include "settings_test.moc"
