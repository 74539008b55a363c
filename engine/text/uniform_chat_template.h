#pragma once

#include <optional>
#include <string>

#include "hadal/chat_template.h"
#include "text/jinja_lexer.h"

namespace hadal {

/// A template that writes every message the same way, as ChatML does: before role between content after. Everything it
/// writes is taken from the template itself.
class UniformChatTemplate final : public ChatTemplate {
 public:
  /// Null if the template does something else.
  static std::unique_ptr<const ChatTemplate> recognise(std::span<const JinjaNode> nodes);

  Result<std::vector<TextPart>> parts(std::span<const ChatMessage> messages, bool add_generation_prompt) const override;

 private:
  std::string without_system_;  ///< Written first where the first message is no system message.
  std::string before_, between_, after_;
  std::string generation_prompt_;
};

}  // namespace hadal
