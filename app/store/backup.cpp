#include "app/store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "app/store/connection.h"
#include "app/store/private_files.h"

namespace hadal {

namespace {

constexpr int kKept = 3;
constexpr qint64 kDaySeconds = 24 * 60 * 60;

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

/// To the millisecond, sorts like time.
QString timeStamp() {
  return QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-HHmmss-zzz"));
}

/// The bytes, then the folder's entry, are on the disk when this returns.
bool syncToDisk(const QString& file) {
  for (const QString& path : {file, QFileInfo(file).absolutePath()}) {
    const int descriptor = ::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!synced) return false;
  }
  return true;
}

bool isSound(const QString& file) {
  Connection copy;
  // Nobody writes a backup, and checking must not leave files beside it.
  return copy.open(file, Connection::Access::Immutable) && Backups::check(copy).isEmpty();
}

}  // namespace

Backups::Backups(QString databaseFile, QString folder)
    : database_(std::move(databaseFile)), folder_(std::move(folder)) {}

QString Backups::check(Connection& connection) {
  connection.clearError();
  const QString verdict = connection.scalar(QStringLiteral("PRAGMA quick_check(1)")).toString();
  if (connection.failed()) return connection.error();
  return verdict == u"ok" ? QString() : verdict;
}

Outcome<QString> Backups::make(Connection& connection) {
  const QString file = QDir(folder_).filePath(QStringLiteral("hadal-%1.db").arg(timeStamp()));
  const QString unfinished = file + QStringLiteral(".part");
  const auto failed = [&](const QString& why) {
    QFile::remove(unfinished);
    return Outcome<QString>::failure(Sentences::tr("The database could not be backed up to %1: %2").arg(folder_, why));
  };
  if (!makePrivateFolder(folder_)) return failed(Sentences::tr("the folder cannot be created."));
  // What a crash left half done.
  for (const QString& leftover : QDir(folder_).entryList({QStringLiteral("*.part")}, QDir::Files))
    QDir(folder_).remove(leftover);
  connection.clearError();
  makePrivateFile(unfinished);
  Statement(connection, QStringLiteral("VACUUM INTO ?")).bind(unfinished).run();
  if (connection.failed()) return failed(connection.error());
  if (!isSound(unfinished)) return failed(Sentences::tr("the copy did not pass its check."));
  if (!syncToDisk(unfinished) || !QFile::rename(unfinished, file) || !syncToDisk(file)) {
    return failed(Sentences::tr("the copy could not be written to the disk."));
  }
  const QStringList all = files();
  for (qsizetype i = kKept; i < all.size(); ++i) QFile::remove(all[i]);
  return Outcome<QString>::success(file);
}

QStringList Backups::files() const {
  QStringList result;
  const QDir folder(folder_);
  for (const QString& name :
       folder.entryList({QStringLiteral("hadal-*.db")}, QDir::Files, QDir::Name | QDir::Reversed)) {
    result.append(folder.filePath(name));
  }
  return result;
}

bool Backups::isDue() const {
  const QStringList all = files();
  return all.isEmpty() || QFileInfo(all.first()).lastModified().secsTo(QDateTime::currentDateTime()) > kDaySeconds;
}

Outcome<QString> Backups::quarantine() {
  const QString aside = QStringLiteral("%1.damaged-%2").arg(database_, timeStamp());
  // The log first: a database without its log is merely older, a log without its database is lost.
  for (const char* companion : {"-wal", "-shm", ""}) {
    const QString from = database_ + QLatin1String(companion);
    if (QFile::exists(from) && !QFile::rename(from, aside + QLatin1String(companion))) {
      return Outcome<QString>::failure(
          Sentences::tr("The damaged database %1 could not be moved aside.").arg(database_));
    }
  }
  return Outcome<QString>::success(aside);
}

QString Backups::restoreNewest() {
  for (const QString& backup : files()) {
    if (!isSound(backup)) continue;
    const QString unfinished = database_ + QStringLiteral(".part");
    QFile::remove(unfinished);
    if (QFile::copy(backup, unfinished) && syncToDisk(unfinished) && QFile::rename(unfinished, database_) &&
        syncToDisk(database_)) {
      return backup;
    }
    QFile::remove(unfinished);
  }
  return {};
}

}  // namespace hadal
