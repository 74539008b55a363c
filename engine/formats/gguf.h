#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "formats/checkpoint.h"

namespace hadal {

/// A GGUF file (version 2 or 3, little-endian), mapped into memory.
Result<Checkpoint> open_gguf(const std::filesystem::path& path);

/// The same of bytes somebody else keeps alive; `name` is what errors begin with.
Result<Checkpoint> parse_gguf(std::span<const std::byte> bytes, std::string name);

}  // namespace hadal
