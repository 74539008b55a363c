#pragma once

#include <span>
#include <string>
#include <vector>

#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal {

struct ChatMessage {
  std::string role;  ///< "system", "user" or "assistant".
  std::string content;
};

/// Turns a conversation into the prompt its model was trained on. Immutable; any thread.
class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;

  /// The prompt, told apart into what the template says and what the messages say: encoded with
  /// Tokenizer::encode(parts), a message that spells <|im_end|> stays text and ends no turn. With
  /// `add_generation_prompt` the text ends where the assistant's answer begins. Fails for roles other than the three.
  virtual Result<std::vector<TextPart>> parts(std::span<const ChatMessage> messages,
                                              bool add_generation_prompt) const = 0;

  /// The same as one text. Tokens it is to begin with are part of it: encode it with add_special = false.
  Result<std::string> render(std::span<const ChatMessage> messages, bool add_generation_prompt) const;
};

}  // namespace hadal
