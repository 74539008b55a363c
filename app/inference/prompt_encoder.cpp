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

Result<std::vector<TokenId>> encodePrompt(const Model& model, const QList<PromptMessage>& messages,
                                          bool continueLast) {
  const auto chatTemplate = model.chat_template();
  if (!chatTemplate) return chatTemplate.error();
  std::vector<ChatMessage> turns;
  for (const PromptMessage& message : messages) {
    turns.push_back({roleName(message.role), message.content.toStdString()});
  }
  // What the template puts before an answer, then the answer's beginning: that holds for every template, also for those
  // that know no open turn.
  std::string begun;
  if (continueLast && !turns.empty()) {
    begun = std::move(turns.back().content);
    turns.pop_back();
  }
  auto parts = (*chatTemplate)->parts(turns, true);
  if (!parts) return parts.error();
  if (!begun.empty()) parts->push_back({std::move(begun), true});
  return model.tokenizer().encode(*parts);
}

}  // namespace hadal
