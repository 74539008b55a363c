#include "app/policy/policy.h"

#include <QtTest>

#include "app/settings/settings.h"

using namespace hadal;

/// What an administrator fixes stays fixed, and a policy that cannot be understood leaves nothing open.
class PolicyTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;

  void write(const QString& name, const QByteArray& text) {
    QFile file(folder_.filePath(name));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
  }

 private Q_SLOTS:
  void cleanup() {
    QDir dir(folder_.path());
    for (const QString& name : dir.entryList(QDir::Files | QDir::System)) QVERIFY(dir.remove(name));
  }

  void noPolicyLocksNothing() {
    Settings settings;
    QCOMPARE(policy::enforce(folder_.filePath("none"), settings), QStringList());
    for (const SettingSpec& spec : Settings::table()) QVERIFY(!settings.isLocked(spec.key));
  }

  void locksWhatItNames() {
    write("10-all.json", R"({"model.threads": 2, "general.language": "zh_CN"})");
    write("20-room.json", R"({"model.threads": 3})");
    write("30-not.txt", "nonsense");
    Settings settings;
    settings.overrideForRun(setting::threads, 7);
    QCOMPARE(policy::enforce(folder_.path(), settings), QStringList());
    QCOMPARE(settings.value(setting::threads).toInt(), 3);
    QVERIFY(!settings.setValue(setting::threads, 5));
    settings.reset(setting::threads);
    settings.overrideForRun(setting::threads, 6);
    QCOMPARE(settings.value(setting::threads).toInt(), 3);
    QCOMPARE(settings.value(setting::language).toString(), QString("zh_CN"));
    QVERIFY(!settings.isLocked(setting::theme) && settings.setValue(setting::theme, "dark"));
  }

  void recommendsWhatPeopleMayChange() {
    write("10.json", R"({"model.temperature": 0.3, "general.theme": "dark", "model.threads": 2})");
    write("20.json", R"({"model.threads": 4})");
    Settings settings;
    QVERIFY(settings.setValue(setting::theme, "light"));
    QCOMPARE(policy::recommend(folder_.path(), settings), QStringList());
    QCOMPARE(settings.value(setting::threads).toInt(), 4);
    QCOMPARE(settings.value(setting::theme).toString(), QString("light"));
    QVERIFY(!settings.isLocked(setting::threads));
    // Over what a model's makers say, and below what the person and a fixed policy say.
    settings.advise(setting::temperature, 0.9);
    QCOMPARE(settings.value(setting::temperature).toDouble(), 0.3);
    QVERIFY(settings.isChosen(setting::temperature) && !settings.isOwn(setting::temperature));
    QVERIFY(settings.setValue(setting::temperature, 1.0) && settings.isOwn(setting::temperature));
    QCOMPARE(settings.value(setting::temperature).toDouble(), 1.0);
    settings.reset(setting::temperature);
    QCOMPARE(settings.value(setting::temperature).toDouble(), 0.3);
    settings.reset(setting::theme);
    QCOMPARE(settings.value(setting::theme).toString(), QString("dark"));
    settings.lock(setting::threads, 1);
    QCOMPARE(settings.value(setting::threads).toInt(), 1);
  }

  void recommendationsThatCannotBeAreTold() {
    write("a.json", R"({"model.colour": "blue", "model.temperature": 99, "model.threads": "2", "model.top_k": 7})");
    write("b.json", "nonsense");
    Settings settings;
    QCOMPARE(policy::recommend(folder_.path(), settings).size(), 4);
    QCOMPARE(settings.value(setting::topK).toInt(), 7);
    for (const SettingSpec& spec : Settings::table()) {
      QVERIFY(!settings.isLocked(spec.key));
      if (QLatin1String(spec.key) != QLatin1String(setting::topK))
        QCOMPARE(settings.value(spec.key), spec.defaultValue);
    }
    QCOMPARE(policy::recommend(folder_.filePath("none"), settings), QStringList());
  }

  void unknownNamesAreTold() {
    write("a.json", R"({"model.colour": "blue", "data.folder": "/tmp", "model.threads": 1})");
    Settings settings;
    const QStringList told = policy::enforce(folder_.path(), settings);
    QCOMPARE(told.size(), 2);
    QVERIFY(told[0].contains("data.folder") && told[1].contains("model.colour"));
    QCOMPARE(settings.value(setting::threads).toInt(), 1);
    QVERIFY(!settings.isLocked(setting::theme));
  }

  void failsClosed_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("said");
    QTest::newRow("empty") << QByteArray() << "is no JSON";
    QTest::newRow("cut") << QByteArray(R"({"model.threads": 2, )") << "is no JSON";
    QTest::newRow("list") << QByteArray("[1, 2]") << "no JSON object";
    QTest::newRow("choice") << QByteArray(R"({"general.theme": "pink"})") << "\"general.theme\" a value";
    QTest::newRow("type") << QByteArray(R"({"model.threads": "2"})") << "\"model.threads\" a value";
    QTest::newRow("range") << QByteArray(R"({"model.threads": -1})") << "\"model.threads\" a value";
    QTest::newRow("fraction") << QByteArray(R"({"model.threads": 2.5})") << "\"model.threads\" a value";
    QTest::newRow("null") << QByteArray(R"({"model.file": null})") << "\"model.file\" a value";
    QTest::newRow("huge") << QByteArray(2 << 20, ' ') << "too large";
  }
  void failsClosed() {
    QFETCH(QByteArray, text);
    QFETCH(QString, said);
    write("a-good.json", R"({"model.top_k": 7})");
    write("b.json", text);
    Settings settings;
    settings.setValue(setting::theme, "dark");
    const QStringList told = policy::enforce(folder_.path(), settings);
    QVERIFY2(told.size() >= 2 && told[0].contains(said), qPrintable(told.join("\n")));
    QCOMPARE(settings.value(setting::topK).toInt(), 7);
    for (const SettingSpec& spec : Settings::table()) QCOMPARE(settings.isLocked(spec.key), spec.lockable);
    QCOMPARE(settings.value(setting::theme).toString(), QString("system"));
  }

  void danglingLinkFailsClosed() {
    QVERIFY(QFile::link(folder_.filePath("nowhere"), folder_.filePath("a.json")));
    Settings settings;
    const QStringList told = policy::enforce(folder_.path(), settings);
    QVERIFY2(!told.isEmpty() && told[0].contains("cannot be read"), qPrintable(told.join("\n")));
    QVERIFY(settings.isLocked(setting::theme));
  }

  void theTemplateIsUnderstood() {
    QFile source(qEnvironmentVariable("HADAL_SOURCE_DIR") + "/installer/share/policy-template.json");
    QVERIFY(source.copy(folder_.filePath("template.json")));
    Settings settings;
    QCOMPARE(policy::enforce(folder_.path(), settings), QStringList());
    QCOMPARE(settings.value(setting::threads).toInt(), 8);
  }
};

QTEST_GUILESS_MAIN(PolicyTest)
#include "policy_test.moc"
