#pragma once

#include <filesystem>

#include "formats/checkpoint.h"

namespace hadal::huggingface {

/// Reads a folder as transformers saves models: config.json, weights as safetensors, tokenizer.json, and where they are
/// there tokenizer_config.json, generation_config.json and the chat template. The checkpoint has the keys and tensor
/// names that a GGUF file of the model would have, and these of Hadal's own:
///
/// - "<architecture>.rope.pairs" = "halves": in q and k a head's first and second half turn together, where GGUF files
/// of
///   the architecture (llama, deepseek) hold rows in an order that makes them neighbours. A GGUF file written from the
///   tensors must reorder these rows, or carry the key.
/// - "tokenizer.hadal.*": see text/tokenizer_keys.h.
///
/// Of DeepSeek-VL2 and DeepSeek-OCR it is the language model; what looks at pictures is left out.
///
/// Weights of type F8_E4M3 keep their scales beside them (CheckpointTensor::scales).
Result<Checkpoint> open_folder(const std::filesystem::path& folder);

}  // namespace hadal::huggingface
