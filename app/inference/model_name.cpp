#include "app/inference/model_name.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStringList>

#include "app/inference/model_path.h"

namespace hadal {

QString modelName(const QString& file, const QString& nameInside) {
  static const QRegularExpression shard(QStringLiteral("-\\d{5}-of-\\d{5}$"));
  static const QRegularExpression quantisation(
      QStringLiteral("[-._](?:UD-)?(?:[TI]?Q\\d[A-Z0-9_]*|MXFP4[A-Z0-9_]*|BF16|F16|F32|FP16|FP32)$"),
      QRegularExpression::CaseInsensitiveOption);
  static const QStringList meaningless{QStringLiteral("model"), QStringLiteral("ggml-model"), QStringLiteral("ggml")};

  const QFileInfo given(QDir::cleanPath(file));
  const QFileInfo info = isPartOfModel(file) ? QFileInfo(given.path()) : given;
  const QLatin1String ending(".gguf");
  QString stem = info.fileName();
  if (stem.endsWith(ending, Qt::CaseInsensitive)) stem.chop(ending.size());
  stem.remove(shard);
  stem.remove(quantisation);
  const bool revision = info.dir().dirName() == QLatin1String("snapshots");
  const bool says = !stem.isEmpty() && !meaningless.contains(stem.toLower()) && !revision;
  return says || nameInside.isEmpty() ? stem : nameInside;
}

}  // namespace hadal
