#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "formats/checkpoint_builder.h"

namespace hadal::huggingface {

/// Reads tokenizer.json (byte-pair encoding, spelled as bytes or as SentencePiece does), tokenizer_config.json,
/// generation_config.json and the chat template of a folder into tokenizer.ggml.* and tokenizer.hadal.*. `config` is
/// config.json; `vocab_size` is what the model has rows for: ids past the tokenizer's become unused tokens.
Result<void> add_tokenizer(const std::filesystem::path& folder, const nlohmann::json& config, std::uint32_t vocab_size,
                           CheckpointBuilder& out);

}  // namespace hadal::huggingface
