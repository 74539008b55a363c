#pragma once

#include <filesystem>

#include "formats/checkpoint.h"

namespace hadal {

/// A model as a person points at it: a GGUF file.
Result<Checkpoint> open_checkpoint(const std::filesystem::path& path);

}  // namespace hadal
