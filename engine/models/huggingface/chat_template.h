#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "formats/checkpoint_builder.h"

namespace hadal::huggingface {

/// Adds tokenizer.chat_template: of chat_template.jinja, else of tokenizer_config.json (a text, or a list of named ones
/// of which "default" is meant; the others become tokenizer.chat_template.NAME), else of chat_template.json. Nothing
/// where there is none.
Result<void> add_chat_template(const std::filesystem::path& folder, const nlohmann::json& tokenizer_config,
                               CheckpointBuilder& out);

}  // namespace hadal::huggingface
