#include "app/store/private_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace hadal {

namespace {

struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

}  // namespace

void makePrivateFile(const QString& file) {
  const int descriptor = ::open(QFile::encodeName(file).constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

bool makePrivateFolder(const QString& folder) {
  if (!QDir().mkpath(QFileInfo(folder).path())) return false;
  if (::mkdir(QFile::encodeName(folder).constData(), 0700) == 0) return true;
  makePrivate(folder);
  return QFileInfo(folder).isDir();
}

void makePrivate(const QString& file) {
  const QByteArray name = QFile::encodeName(file);
  struct stat status {};
  if (::lstat(name.constData(), &status) != 0 || status.st_uid != ::geteuid() || (status.st_mode & 077) == 0) return;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
  // A read-only file system says no, which changes nothing.
  if (::chmod(name.constData(), status.st_mode & 0700) != 0) return;
}

QString notAFile(const QString& path) {
  struct stat status {};
  if (::stat(QFile::encodeName(path).constData(), &status) != 0 || S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return Sentences::tr("a folder");
  if (S_ISFIFO(status.st_mode)) return Sentences::tr("a pipe");
  return Sentences::tr("a device or socket");
}

}  // namespace hadal
