#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "formats/checkpoint_builder.h"
#include "formats/safetensors.h"

namespace hadal::huggingface {

/// A tensor and the file it lies in, for sentences.
struct ShardTensor {
  SafetensorsTensor tensor;
  std::string file;
};

/// Maps the safetensors files of a folder, model.safetensors or those that model.safetensors.index.json lists, into
/// `out`, and gives their tensors. Every file the index lists must be there and hold what it says, every name be used
/// once, and no name lead out of the folder (a file that is a link to elsewhere is fine).
Result<std::vector<ShardTensor>> open_shards(const std::filesystem::path& folder, CheckpointBuilder& out);

}  // namespace hadal::huggingface
