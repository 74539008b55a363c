#include "app/inference/model_path.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QMimeDatabase>

namespace hadal {

namespace {

struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(ModelPath)
};

bool isGguf(const QString& path) {
  return path.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive);
}

QStringList named(const QDir& folder, const QString& pattern) {
  return folder.entryList({pattern}, QDir::Files, QDir::Name);
}

/// What looks at pictures lies beside the model that speaks and is none by itself.
QStringList ggufIn(const QDir& folder) {
  QStringList files = named(folder, QStringLiteral("*.gguf"));
  files.removeIf([](const QString& name) { return name.startsWith(QLatin1String("mmproj"), Qt::CaseInsensitive); });
  return files;
}

bool hasConfig(const QDir& folder) {
  return QFileInfo::exists(folder.filePath(QStringLiteral("config.json")));
}

bool isModelFolder(const QDir& folder) {
  return hasConfig(folder) && !named(folder, QStringLiteral("*.safetensors")).isEmpty();
}

/// models--deepseek-ai--DeepSeek-V3/snapshots/REVISION
QString newestRevision(const QDir& folder) {
  const QDir revisions(folder.filePath(QStringLiteral("snapshots")));
  for (const QFileInfo& one : revisions.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time)) {
    if (isModelFolder(QDir(one.filePath()))) return one.filePath();
  }
  return {};
}

ModelPath inFolder(const QString& given) {
  const QDir folder(given);
  const QString name = folder.dirName().isEmpty() ? given : folder.dirName();
  if (isModelFolder(folder)) return {folder.path(), {}};
  const QStringList files = ggufIn(folder);
  if (files.size() == 1) return {folder.filePath(files.first()), {}};
  if (files.size() > 1) {
    return {
        {},
        Sentences::tr("The folder %1 holds %n GGUF files. Choose one of them.", nullptr, static_cast<int>(files.size()))
            .arg(name)};
  }
  if (const QString revision = newestRevision(folder); !revision.isEmpty()) return {revision, {}};
  if (!hasConfig(folder)) {
    return {{},
            Sentences::tr("The folder %1 holds no model: neither a GGUF file nor a config.json with safetensors files "
                          "beside it, as Hugging Face publishes models.")
                .arg(name)};
  }
  // Such files are programs for Python, not data.
  const bool programs =
      !named(folder, QStringLiteral("*.bin")).isEmpty() || !named(folder, QStringLiteral("*.pt*")).isEmpty();
  return {{},
          (programs ? Sentences::tr("The folder %1 holds its weights in a form that runs code when it is read. Get the "
                                    "model as safetensors or as a GGUF file.")
                    : Sentences::tr("The folder %1 holds a config.json, but no safetensors files: the model's weights "
                                    "are missing. Download them as well."))
              .arg(name)};
}

}  // namespace

ModelPath modelAt(const QString& given) {
  const QFileInfo info(given);
  if (info.isDir()) return inFolder(given);
  if (isGguf(given) || !info.exists()) return {given, {}};
  const QDir folder = info.dir();
  return {isModelFolder(folder) || (isPartOfModel(given) && hasConfig(folder)) ? folder.path() : given, {}};
}

bool isPartOfModel(const QString& path) {
  static const QStringList names{QStringLiteral("config.json"),           QStringLiteral("tokenizer.json"),
                                 QStringLiteral("tokenizer_config.json"), QStringLiteral("generation_config.json"),
                                 QStringLiteral("chat_template.jinja"),   QStringLiteral("special_tokens_map.json")};
  const QString name = QFileInfo(path).fileName();
  return names.contains(name) || name.endsWith(QLatin1String(".safetensors")) ||
         name.endsWith(QLatin1String(".safetensors.index.json"));
}

bool mayBeModel(const QString& path) {
  if (isGguf(path) || isPartOfModel(path) || path.endsWith(u'/')) return true;
  // "photo.png" is no folder. Versions end in what other endings look like: ".5" is that of a manual page.
  const QString ending = QFileInfo(path).suffix();
  if (!ending.isEmpty() && ending.front().isDigit()) return true;
  return QMimeDatabase().mimeTypeForFile(path, QMimeDatabase::MatchExtension).isDefault();
}

QStringList modelsIn(const QString& folder) {
  const QDir place(folder);
  QStringList found;
  for (const QString& name : ggufIn(place)) found << place.filePath(name);
  for (const QString& name : place.entryList(QDir::Dirs | QDir::Readable | QDir::NoDotAndDotDot, QDir::Name)) {
    if (isModelFolder(QDir(place.filePath(name)))) found << place.filePath(name);
  }
  return found;
}

}  // namespace hadal
