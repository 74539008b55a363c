#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "app/store/backup.h"
#include "app/store/conversations.h"
#include "app/store/migrations.h"
#include "waiting.h"

using namespace hadal;

namespace {

QByteArray contents(const QString& file) {
  QFile f(file);
  return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray();
}

/// The shipped schema and a step that does not exist yet.
Schema withFutureStep(const QString& sql) {
  Schema schema = Schema::shipped();
  schema.steps.append(sql);
  return schema;
}

const QString kFuture = QStringLiteral("ALTER TABLE conversations ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';");

}  // namespace

class MigrationsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void splitsScripts() {
    QCOMPARE(splitStatements(QStringLiteral(
                 "-- a; b\nCREATE TABLE t (x TEXT DEFAULT ';', -- c; d\n y);\n/* e; */ SELECT 'it''s;';")),
             QStringList({QStringLiteral("CREATE TABLE t (x TEXT DEFAULT ';', -- c; d\n y)"),
                          QStringLiteral("SELECT 'it''s;'")}));
    QCOMPARE(splitStatements(
                 QStringLiteral(
                     "CREATE TRIGGER a AFTER INSERT ON b BEGIN\n DELETE FROM c;\n DELETE FROM d;\nEND;\nSELECT 1;"))
                 .size(),
             2);
    QCOMPARE(splitStatements(QStringLiteral("\n-- nothing\n")), QStringList());
  }

  void theStepsAreThere() { QVERIFY(Schema::shipped().version() >= 1); }

  void fromNothing_data() {
    QTest::addColumn<bool>("emptyFile");
    QTest::newRow("no file") << false;
    QTest::newRow("empty file") << true;
  }
  void fromNothing() {
    QFETCH(bool, emptyFile);
    if (emptyFile) QVERIFY(QFile(file()).open(QIODevice::WriteOnly));
    Store store(options(Schema::shipped()));
    QVERIFY(kept(store.open()).notices.isEmpty());
    QCOMPARE(pragma(store, "user_version"), Schema::shipped().version());
    QCOMPARE(pragma(store, "application_id"), kApplicationId);
    QCOMPARE(pragma(store, "foreign_keys"), 1);
    QCOMPARE(pragma(store, "trusted_schema"), 0);
    QCOMPARE(kept(store.write([](Connection& c) { return c.scalar(QStringLiteral("PRAGMA synchronous")).toInt(); })),
             2);  // FULL
    QCOMPARE(
        kept(store.write([](Connection& c) { return c.scalar(QStringLiteral("PRAGMA journal_mode")).toString(); })),
        QStringLiteral("wal"));
    QCOMPARE(kept(store.checkIntegrity()), QString());
  }

  /// A file of every version there has been, with something in it, becomes one of today.
  void fromEveryPastSchema_data() {
    QTest::addColumn<int>("version");
    for (int version = 1; version <= Schema::shipped().version(); ++version)
      QTest::newRow(qPrintable(QString::number(version))) << version;
  }
  void fromEveryPastSchema() {
    QFETCH(int, version);
    Schema past;
    past.steps = Schema::shipped().steps.first(version);
    makeOne(past);
    Store store(options(withFutureStep(kFuture)));
    kept(store.open());
    QCOMPARE(pragma(store, "user_version"), Schema::shipped().version() + 1);
    QCOMPARE(kept(store.read([](Connection& c) {
               return c.scalar(QStringLiteral("SELECT title || colour FROM conversations")).toString();
             })),
             QStringLiteral("Oldblue"));
    // The copy from before is there, sound and of the old version.
    const QStringList backups = Backups(file(), backupFolder()).files();
    QCOMPARE(backups.size(), 1);
    Connection copy;
    QVERIFY(copy.open(backups.first(), Connection::Access::Immutable));
    QCOMPARE(Backups::check(copy), QString());
    QCOMPARE(copy.scalar(QStringLiteral("PRAGMA user_version")).toInt(), version);
    QCOMPARE(copy.scalar(QStringLiteral("SELECT title FROM conversations")).toString(), QStringLiteral("Old"));
  }

  /// Version 2: answers of before have thought for no time, and the copy from before has no such column.
  void thinkingGainsItsTime() {
    Schema first;
    first.steps = Schema::shipped().steps.first(1);
    makeOne(first);
    {
      Connection old;
      QVERIFY(old.open(file(), Connection::Access::ReadWrite));
      QVERIFY(
          old.execute(QStringLiteral("INSERT INTO messages(conversation_id, role, content, thinking, state, created) "
                                     "VALUES (1, 'assistant', 'Yes.', 'Well.', 'done', 1)")));
    }
    Store store(options(Schema::shipped()));
    kept(store.open());
    const Message message = stored(store, 1);
    QCOMPARE(message.thinking, QStringLiteral("Well."));
    QCOMPARE(message.thinkingSeconds, 0.0);
    const QStringList backups = Backups(file(), backupFolder()).files();
    QCOMPARE(backups.size(), 1);
    Connection copy;
    QVERIFY(copy.open(backups.first(), Connection::Access::Immutable));
    const QString column =
        QStringLiteral("SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'thinking_seconds'");
    QCOMPARE(copy.scalar(column).toInt(), 0);
    QCOMPARE(kept(store.read([column](Connection& c) { return c.scalar(column).toInt(); })), 1);
  }

  void aFailingStepLeavesTheOldVersion() {
    makeOne(Schema::shipped());
    {
      Store store(options(
          withFutureStep(QStringLiteral("ALTER TABLE conversations ADD COLUMN a; SELECT no_such_function();"))));
      const auto report = waited(store.open());
      QVERIFY(!report);
      QVERIFY2(report.error.contains(QStringLiteral("left as it was")), qPrintable(report.error));
      QVERIFY(!waited(store.write([](Connection&) { return Nothing{}; })));
    }
    Store store(options(Schema::shipped()));
    kept(store.open());
    QCOMPARE(kept(store.read([](Connection& c) {
               return c
                   .scalar(QStringLiteral("SELECT count(*) FROM pragma_table_info('conversations') WHERE name = 'a'"))
                   .toInt();
             })),
             0);
  }

  void newerIsRefusedAndUntouched() {
    makeOne(withFutureStep(kFuture));
    const QByteArray before = contents(file());
    const QStringList filesBefore = QDir(folder_->path()).entryList(QDir::Files);
    {
      Store store(options(Schema::shipped()));
      const auto report = waited(store.open());
      QVERIFY(!report);
      QVERIFY2(report.error.contains(QStringLiteral("newer")), qPrintable(report.error));
      const auto list = waited(store.read([](Connection& c) { return Conversations(c).all(); }));
      QCOMPARE(list.error, report.error);
    }
    QCOMPARE(contents(file()), before);
    QCOMPARE(QDir(folder_->path()).entryList(QDir::Files), filesBefore);
  }

  void foreignDatabasesAreRefused() {
    {
      Connection other;
      QVERIFY(other.open(file(), Connection::Access::ReadWrite));
      QVERIFY(other.execute(QStringLiteral("CREATE TABLE theirs(x)")));
    }
    const QByteArray before = contents(file());
    Store store(options(Schema::shipped()));
    const auto report = waited(store.open());
    QVERIFY2(report.error.contains(QStringLiteral("another program")), qPrintable(report.error));
    store.close();
    QCOMPARE(contents(file()), before);
  }

  void keepsThreeBackups() {
    makeOne(Schema::shipped());
    Connection connection;
    QVERIFY(connection.open(file(), Connection::Access::ReadOnly));
    Backups backups(file(), backupFolder());
    QVERIFY(backups.isDue());
    QStringList made;
    for (int i = 0; i < 5; ++i) {
      const auto backup = backups.make(connection);
      QVERIFY2(backup, qPrintable(backup.error));
      made.prepend(*backup);
      QTest::qWait(2);  // Names are to the millisecond.
    }
    QVERIFY(!backups.isDue());
    QCOMPARE(backups.files(), made.first(3));
    QVERIFY(QDir(backupFolder()).entryList({QStringLiteral("*.part")}).isEmpty());
  }

  void backsUpOnceADay() {
    for (int i = 0; i < 3; ++i) makeOne(Schema::shipped());
    QCOMPARE(Backups(file(), backupFolder()).files().size(), 0);
    {
      Store store(options(Schema::shipped()));
      kept(store.open());
    }
    QCOMPARE(Backups(file(), backupFolder()).files().size(), 1);
    {
      Store store(options(Schema::shipped()));
      kept(store.open());
    }
    QCOMPARE(Backups(file(), backupFolder()).files().size(), 1);
  }

 private:
  QString file() const { return folder_->filePath(QStringLiteral("hadal.db")); }
  QString backupFolder() const { return folder_->filePath(QStringLiteral("backups")); }
  StoreOptions options(const Schema& schema) const {
    return {.file = file(), .backupFolder = backupFolder(), .readOnly = false, .schema = schema};
  }

  static int pragma(Store& store, const char* name) {
    return kept(store.read(
        [name](Connection& c) { return c.scalar(QStringLiteral("PRAGMA %1").arg(QLatin1String(name))).toInt(); }));
  }

  /// A database with one conversation, closed cleanly and without backups.
  void makeOne(const Schema& schema) {
    QFile::remove(file());
    {
      // Not by a Store: it tries at once what the program of today does, which an older schema need not hold.
      Connection connection;
      QVERIFY(connection.open(file(), Connection::Access::ReadWrite));
      const auto made = migrate(connection, schema, 0);
      QVERIFY2(made, qPrintable(made.error));
      QVERIFY(connection.execute(
          QStringLiteral("INSERT INTO conversations(title, created, updated) VALUES ('Old', 1, 1)")));
    }
    QDir(backupFolder()).removeRecursively();
  }

  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(MigrationsTest)
#include "migrations_test.moc"
