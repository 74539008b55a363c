#include "app/store/connection.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QSqlError>
#include <QStorageInfo>
#include <QUrl>
#include <QUuid>

namespace hadal {

namespace {

// Primary result codes, https://sqlite.org/rescode.html.
enum Code {
  kError = 1,
  kBusy = 5,
  kLocked = 6,
  kReadOnly = 8,
  kIoError = 10,
  kCorrupt = Connection::kDamaged,
  kFull = 13,
  kCantOpen = 14,
  kConstraint = 19,
  kMismatch = 20,
  kNotADatabase = 26,
};

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

/// SQLite says "full" only where writing fails, not where its shared memory file or a new one finds no space.
int refined(int code, const QString& file) {
  constexpr qint64 kTooLittle = 64 << 10;
  if (code != kIoError && code != kCantOpen) return code;
  const QStorageInfo disk(QFileInfo(file).absolutePath());
  return disk.isValid() && !disk.isReadOnly() && disk.bytesAvailable() < kTooLittle ? static_cast<int>(kFull) : code;
}

QString sentenceFor(int code, const QSqlError& error, const QString& file) {
  const QString folder = QFileInfo(file).absolutePath();
  switch (code) {
    case kFull:
      return Sentences::tr(
                 "The disk that holds %1 is full. What was kept before is safe; free some space and try again.")
          .arg(folder);
    case kBusy:
    case kLocked:
      return Sentences::tr("Another program holds the database %1. Close it and try again.").arg(file);
    case kReadOnly:
      return Sentences::tr("The database %1 cannot be written.").arg(file);
    case kIoError:
      return Sentences::tr("The disk that holds %1 reported an error (%2).").arg(folder, error.databaseText());
    case kCorrupt:
    case kNotADatabase:
      return Sentences::tr("The database %1 is damaged (%2).").arg(file, error.databaseText());
    case kCantOpen:
      return Sentences::tr("The database %1 cannot be opened.").arg(file);
    default:
      return Sentences::tr("The database %1 refused an operation (%2).").arg(file, error.databaseText());
  }
}

}  // namespace

Connection::~Connection() {
  close();
}

bool Connection::open(const QString& file, Access access) {
  close();
  clearError();
  file_ = file;
  database_ = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QUuid::createUuid().toString());
  QString options = QStringLiteral("QSQLITE_BUSY_TIMEOUT=5000;QSQLITE_OPEN_URI");
  QString name = file;
  if (access != Access::ReadWrite) options += QStringLiteral(";QSQLITE_OPEN_READONLY");
  if (access == Access::Immutable) {
    name = QStringLiteral("file:%1?immutable=1").arg(QString::fromLatin1(QUrl::toPercentEncoding(file, "/")));
  }
  database_.setConnectOptions(options);
  database_.setDatabaseName(name);
  if (!database_.open()) {
    fail(database_.lastError());
    return false;
  }
  execute(QStringLiteral("PRAGMA foreign_keys=ON"));
  execute(QStringLiteral("PRAGMA trusted_schema=OFF"));
  // 64 MiB of pages stay in memory: search and long chats touch the same ones again and again.
  execute(QStringLiteral("PRAGMA cache_size=-65536"));
  if (access == Access::ReadWrite) execute(QStringLiteral("PRAGMA synchronous=FULL"));
  return !failed();
}

void Connection::close() {
  if (!database_.isValid()) return;
  const QString name = database_.connectionName();
  database_.close();
  database_ = {};
  QSqlDatabase::removeDatabase(name);
}

bool Connection::begin(bool immediate) {
  clearError();
  return execute(immediate ? QStringLiteral("BEGIN IMMEDIATE") : QStringLiteral("BEGIN"));
}

bool Connection::commit() {
  return execute(QStringLiteral("COMMIT"));
}

void Connection::rollback() {
  // SQLite has already rolled back by itself after some failures; then this statement fails and nothing is lost.
  QSqlQuery(database_).exec(QStringLiteral("ROLLBACK"));
}

bool Connection::execute(const QString& sql) {
  return Statement(*this, sql).run();
}

QVariant Connection::scalar(const QString& sql) {
  Statement statement(*this, sql);
  return statement.next() ? statement.variant(0) : QVariant();
}

bool Connection::isUnusable() const {
  return code_ == kError || code_ == kCorrupt || code_ == kConstraint || code_ == kMismatch || code_ == kNotADatabase;
}

bool Connection::isDiskFull() const {
  return code_ == kFull;
}

void Connection::clearError() {
  error_.clear();
  code_ = 0;
}

void Connection::fail(const QString& sentence, int code) {
  if (failed()) return;
  code_ = code;
  error_ = sentence;
}

void Connection::fail(const QSqlError& error) {
  if (failed()) return;
  code_ = refined(error.nativeErrorCode().toInt() & 0xff, file_);
  error_ = sentenceFor(code_, error, file_);
}

Statement::Statement(Connection& connection, const QString& sql)
    : connection_(connection), query_(connection.handle()) {
  if (connection_.failed()) return;
  query_.setForwardOnly(true);
  if (!query_.prepare(sql)) connection_.fail(query_.lastError());
}

void Statement::add(const QVariant& value) {
  if (!connection_.failed()) query_.bindValue(bound_++, value);
}

bool Statement::run() {
  if (connection_.failed()) return false;
  executed_ = true;
  if (!query_.exec()) connection_.fail(query_.lastError());
  return !connection_.failed();
}

bool Statement::next() {
  if (!executed_ && !run()) return false;
  if (connection_.failed()) return false;
  if (query_.next()) return true;
  if (query_.lastError().isValid()) connection_.fail(query_.lastError());
  return false;
}

}  // namespace hadal
