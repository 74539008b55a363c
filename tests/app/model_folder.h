#pragma once

#include <QDir>
#include <QFile>

/// Makes a folder as Hugging Face publishes models, of tests/data/hugging_face/models/`model` (a few tens of kilobytes
/// of random weights) and the tokenizer that goes with it. Returns `folder`.
inline QString makeModelFolder(const QString& folder, const QString& model) {
  const QDir data(qEnvironmentVariable("HADAL_SOURCE_DIR") + QStringLiteral("/tests/data/hugging_face"));
  const QDir from(data.filePath(QStringLiteral("models/") + model));
  QDir().mkpath(folder);
  for (const QString& name : from.entryList(QDir::Files)) QFile::copy(from.filePath(name), folder + u'/' + name);
  QFile::copy(data.filePath(QStringLiteral("tokenizers/byte.json")), folder + QStringLiteral("/tokenizer.json"));
  return folder;
}

/// A file of no use, to be found by its name.
inline void touch(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write("x") != 1) qFatal("cannot write %s", qPrintable(path));
}
