#pragma once

#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::tools {

/// A conversation from a JSON file, checked and as JSON again, for ChatTemplate::parts_of_json: a list of {"role":
/// "system" | "user" | "assistant" | "tool", "content": text}, at least one of them from the user. An assistant's
/// message may have "tool_calls", a list of objects, and then no content. Other members reach the template as they are.
/// Every sentence names the file and the place in it: byte offset, line and column, or the message's number.
Result<std::string> read_conversation(const std::string& path);

/// A JSON list of objects from a file, as text; `what` names one of them in sentences.
Result<std::string> read_objects(const std::string& path, std::string_view what);

}  // namespace hadal::tools
