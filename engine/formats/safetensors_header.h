#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

/// What a safetensors header says of a tensor, as it says it.
struct SafetensorsEntry {
  std::string name;
  std::optional<std::string> type;
  std::optional<std::vector<std::uint64_t>> shape;
  std::optional<std::vector<std::uint64_t>> offsets;
};

/// Reads the JSON of a header: tensors and nothing else, each once and each field once. The error is a sentence without
/// the file's name.
Result<std::vector<SafetensorsEntry>> read_safetensors_header(std::string_view json);

}  // namespace hadal
