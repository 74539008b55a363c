#pragma once

#include <span>

#include "models/huggingface/config_reader.h"
#include "models/huggingface/families.h"
#include "models/huggingface/shards.h"

namespace hadal::huggingface {

/// Adds the tensors under the names they have in GGUF files. Refuses those that no layer of the model has room for, of
/// types that hold no weights, and 8-bit weights without scales; errors name the tensor as its file does.
Result<void> add_tensors(std::span<const ShardTensor> tensors, ConfigReader& config, const Family& family,
                         CheckpointBuilder& out);

}  // namespace hadal::huggingface
