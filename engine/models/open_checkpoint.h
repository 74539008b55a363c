#pragma once

#include <filesystem>

#include "formats/checkpoint.h"

namespace hadal {

/// A model as a person points at it: a GGUF file, a folder as transformers saves models (huggingface/folder.h), or
/// config.json or a safetensors file in one.
Result<Checkpoint> open_checkpoint(const std::filesystem::path& path);

}  // namespace hadal
