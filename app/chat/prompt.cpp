#include "app/chat/prompt.h"

namespace hadal {

QList<PromptMessage> buildPrompt(const QString& systemPrompt, const QList<Message>& branch) {
  QList<PromptMessage> prompt;
  if (!systemPrompt.trimmed().isEmpty()) prompt.append({MessageRole::System, systemPrompt});
  for (qsizetype i = 0; i < branch.size(); ++i) {
    const Message& message = branch[i];
    // One that was cut short while the model thought says nothing, unless it is to go on.
    const bool goesOn = i + 1 == branch.size() && !message.thinking.isEmpty();
    if (message.role == MessageRole::Assistant && message.content.isEmpty() && !goesOn) continue;
    const bool refused = message.role == MessageRole::User && i + 1 < branch.size() &&
                         branch[i + 1].problem == MessageProblem::PromptTooLong && branch[i + 1].content.isEmpty();
    if (refused) continue;
    if (message.role == MessageRole::User && !prompt.isEmpty() && prompt.last().role == MessageRole::User) {
      prompt.last().content += QStringLiteral("\n\n") + message.content;
    } else {
      prompt.append({message.role, message.content, message.thinking});
    }
  }
  return prompt;
}

}  // namespace hadal
