#pragma once

#include <string>
#include <vector>

#include "hadal/chat_template.h"
#include "hadal/result.h"

namespace hadal::tools {

/// A conversation from a JSON file: a list of {"role": "system" | "user" | "assistant", "content": text}, at least one
/// of them from the user. Other members of a message are ignored. Every sentence names the file and the place in it:
/// byte offset, line and column, or the message's number.
Result<std::vector<ChatMessage>> read_conversation(const std::string& path);

}  // namespace hadal::tools
