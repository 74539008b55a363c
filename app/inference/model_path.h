#pragma once

#include <QString>
#include <QStringList>

namespace hadal {

/// What a person means who names a file or a folder as a model: a GGUF file, or a folder as Hugging Face publishes
/// models, of which every file stands for the whole.
struct ModelPath {
  QString path;   ///< What the engine is to load.
  QString error;  ///< Otherwise empty: why `given` is no model, as a sentence.
};

/// Looks into folders, so it belongs into another thread than the window's. A path it knows nothing about comes back as
/// it is: what is wrong with the file is the engine's to say. A folder that holds a single GGUF file stands for that
/// one; one of the cache of Hugging Face's tools for its newest revision.
ModelPath modelAt(const QString& given);

/// Judged by the name alone, without a look at the disk: something dragged over the window, say. Folders have any name.
bool mayBeModel(const QString& path);

/// A file of a model's folder, by its name: config.json, model-00001-of-00002.safetensors, ...
bool isPartOfModel(const QString& path);

/// The GGUF files in a folder by name, then the models' folders in it. Looks at the disk.
QStringList modelsIn(const QString& folder);

}  // namespace hadal
