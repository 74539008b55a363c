#include "app/inference/model_search.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace hadal {

QStringList ModelSearch::standardFolders(const QString& profileFolder) {
  // The executable's real path, so that a link to it finds the same models.
  const QString program = QFileInfo(QCoreApplication::applicationFilePath()).canonicalFilePath();
  return {QDir::cleanPath(QFileInfo(program).absolutePath() + QStringLiteral("/../models")),
          QStringLiteral("/usr/share/hadal/models"), QStringLiteral("/var/lib/hadal/models"),
          QDir(profileFolder).filePath(QStringLiteral("models"))};
}

QString ModelSearch::findInFolders() const {
  for (const QString& folder : folders) {
    const QDir dir(folder);
    const QStringList names = dir.entryList({QStringLiteral("*.gguf")}, QDir::Files | QDir::Readable, QDir::Name);
    if (!names.isEmpty()) return dir.filePath(names.first());
  }
  return {};
}

}  // namespace hadal
