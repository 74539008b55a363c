#pragma once

#include <QString>

namespace hadal {

/// What a person calls a model. Publishers name files with care ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"), while the
/// name inside is often left over from a training run, so the file's name without its quantisation and shard number
/// comes first, and `nameInside` only where the file's says nothing ("model.gguf"). A folder is called by its name,
/// unless that is a revision's in the cache of Hugging Face's tools; a file of a model's folder is called like the
/// folder.
QString modelName(const QString& file, const QString& nameInside);

}  // namespace hadal
