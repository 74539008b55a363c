#include "app/inference/model_search.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include "app/inference/model_path.h"

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
    const QStringList found = modelsIn(folder);
    if (!found.isEmpty()) return found.first();
  }
  return {};
}

}  // namespace hadal
