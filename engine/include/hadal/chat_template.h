#pragma once

#include <span>
#include <string>

#include "hadal/result.h"

namespace hadal {

struct ChatMessage {
  std::string role;  ///< "system", "user" or "assistant".
  std::string content;
};

/// Turns a conversation into the prompt its model was trained on. Immutable; any thread.
class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  /// With `add_generation_prompt` the text ends where the assistant's answer begins.
  virtual Result<std::string> render(std::span<const ChatMessage> messages, bool add_generation_prompt) const = 0;
};

}  // namespace hadal
