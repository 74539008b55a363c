#pragma once

#include <memory>

#include "formats/checkpoint.h"
#include "hadal/chat_template.h"

namespace hadal {

/// The chat template a model file carries, or a built-in one where it carries none or one that cannot be parsed. Fails
/// only for files without a vocabulary, with ErrorCode::not_found; the sentence names the model and the metadata key.
Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const Checkpoint& file);

/// A template somebody wrote, with the special tokens of a model's vocabulary. The error is a sentence.
Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const Checkpoint& file, std::string_view source);

}  // namespace hadal
