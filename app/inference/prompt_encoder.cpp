#include "app/inference/prompt_encoder.h"

namespace hadal {

namespace {

const char* roleName(MessageRole role) {
  switch (role) {
    case MessageRole::System:
      return "system";
    case MessageRole::User:
      return "user";
    case MessageRole::Assistant:
      return "assistant";
  }
  return "user";
}

}  // namespace

Result<std::vector<TokenId>> encodePrompt(const Model& model, const QList<PromptMessage>& messages) {
  const auto chatTemplate = model.chat_template();
  if (!chatTemplate) return chatTemplate.error();
  std::vector<ChatMessage> turns;
  for (const PromptMessage& message : messages) {
    turns.push_back({roleName(message.role), message.content.toStdString()});
  }
  const auto parts = (*chatTemplate)->parts(turns, true);
  if (!parts) return parts.error();
  return model.tokenizer().encode(*parts);
}

}  // namespace hadal
