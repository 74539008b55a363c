#pragma once

#include <memory>

#include "formats/gguf.h"
#include "hadal/chat_template.h"

namespace hadal {

/// The chat template a model file carries (tokenizer.chat_template). Fails with ErrorCode::not_found where it carries
/// none and ErrorCode::unsupported where this build does not understand it; both sentences name the model.
Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const GgufFile& file);

}  // namespace hadal
