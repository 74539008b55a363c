#include "app/profile/profile.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>
#include <cerrno>
#include <cstring>

namespace hadal {

namespace {

QString systemError(int number) {
  return QString::fromLocal8Bit(std::strerror(number));
}

/// A folder only we can enter. Empty if somebody else made it first.
QString privateFolder(const QString& path) {
  const QByteArray name = QFile::encodeName(path);
  ::mkdir(name.constData(), 0700);
  struct stat status {};
  const bool ours = ::lstat(name.constData(), &status) == 0 && S_ISDIR(status.st_mode) &&
                    status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  return ours ? path : QString();
}

/// Where sockets go. Not below the profile: their path may have 107 bytes only.
QString runtimeFolder() {
  const QString given = qEnvironmentVariable("XDG_RUNTIME_DIR");
  if (!given.isEmpty() && QFileInfo(given).isDir()) return given;
  return privateFolder(QStringLiteral("%1/hadal-%2").arg(QDir::tempPath()).arg(::geteuid()));
}

}  // namespace

Profile::Profile(const QString& folder, QObject* parent)
    : QObject(parent), folder_(QDir::cleanPath(QDir::current().absoluteFilePath(folder))) {
  // What is said here is nobody else's business.
  const bool made =
      QDir().mkpath(QFileInfo(folder_).path()) && ::mkdir(QFile::encodeName(folder_).constData(), 0700) == 0;
  if (!made && QFileInfo::exists(folder_) && !QFileInfo(folder_).isDir()) {
    useReadOnly(tr("%1 is not a folder, so it cannot be a profile. Name a folder with --profile.").arg(folder_));
    return;
  }
  if (!made && !QFileInfo(folder_).isDir()) {
    useReadOnly(tr("The folder %1 cannot be created.").arg(folder_));
    return;
  }
  // One profile has one name, by whatever links it was reached.
  folder_ = QFileInfo(folder_).canonicalFilePath();
  takeLock();
}

Profile::~Profile() {
  if (lock_ >= 0) ::close(lock_);
}

QString Profile::standardFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/hadal");
}

QString Profile::databaseFile() const {
  return folder_ + QStringLiteral("/hadal.db");
}
QString Profile::backupFolder() const {
  return folder_ + QStringLiteral("/backups");
}
QString Profile::modelFolder() const {
  return folder_ + QStringLiteral("/models");
}
QString Profile::lockFile() const {
  return folder_ + QStringLiteral("/lock");
}

bool Profile::takeLock() {
  if (lock_ >= 0) return true;
  const int file = ::open(QFile::encodeName(lockFile()).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    useReadOnly(errno == EROFS    ? tr("The folder %1 is on a read-only file system.").arg(folder_)
                : errno == EACCES ? tr("The folder %1 may not be written by you.").arg(folder_)
                                  : tr("The folder %1 cannot be written (%2).").arg(folder_, systemError(errno)));
    return false;
  }
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    ::close(file);
    if (why == EWOULDBLOCK)
      access_ = Access::Taken;
    else
      useReadOnly(tr("The folder %1 cannot be locked (%2).").arg(folder_, systemError(why)));
    return false;
  }
  lock_ = file;
  access_ = Access::Writable;
  reason_.clear();
  writeLock();
  return true;
}

/// For later starts, which may have another idea of where sockets are, and for people. On a full disk it stays empty.
void Profile::writeLock() const {
  const QByteArray text = QByteArray::number(::getpid()) + '\n' + QFile::encodeName(serverName()) + '\n';
  if (::ftruncate(lock_, 0) != 0 || ::pwrite(lock_, text.constData(), static_cast<size_t>(text.size()), 0) < 0) return;
}

void Profile::useReadOnly(const QString& reason) {
  access_ = Access::ReadOnly;
  reason_ = reason;
}

QString Profile::serverName() const {
  if (access_ == Access::Taken) {
    QFile file(lockFile());
    if (file.open(QIODevice::ReadOnly)) {
      const QList<QByteArray> lines = file.readAll().split('\n');
      if (lines.size() > 1 && !lines[1].isEmpty()) return QFile::decodeName(lines[1]);
    }
  }
  const QString folder = runtimeFolder();
  if (folder.isEmpty()) return {};
  const QByteArray hash = QCryptographicHash::hash(QFile::encodeName(folder_), QCryptographicHash::Sha256).toHex();
  return QStringLiteral("%1/hadal-%2.socket").arg(folder, QString::fromLatin1(hash.first(16)));
}

qint64 Profile::owner() const {
  QFile file(lockFile());
  return file.open(QIODevice::ReadOnly) ? file.readLine().trimmed().toLongLong() : 0;
}

void Profile::notify(const QString& sentence) {
  notices_.append(sentence);
  Q_EMIT noticeAdded(sentence);
}

}  // namespace hadal
