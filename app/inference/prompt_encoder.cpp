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

/// Puts the answer's beginning behind the template's words; true if it ends inside thinking.
bool appendBeginning(std::vector<TextPart>& parts, ChatMessage begun) {
  const bool opened = begins_thinking(parts);
  if (!begun.thinking.empty()) {
    if (!opened) parts.push_back({"<think>\n", false});
    parts.push_back({std::move(begun.thinking), true});
    if (begun.content.empty()) return true;
    parts.push_back({kThinkingEnd, false});
  } else if (opened) {
    parts.push_back({kThinkingEnd, false});
  }
  parts.push_back({std::move(begun.content), true});
  return false;
}

/// A parser for what goes on in the middle: white space that comes first, and a <think>, are text there.
AnswerParser resumedParser(bool thinking) {
  AnswerParser parser(thinking);
  parser.push(".");
  return parser;
}

}  // namespace

Result<EncodedPrompt> encodePrompt(const Model& model, const QList<PromptMessage>& messages, bool continueLast) {
  const auto chatTemplate = model.chat_template();
  if (!chatTemplate) return chatTemplate.error();
  std::vector<ChatMessage> turns;
  for (const PromptMessage& message : messages) {
    turns.push_back({roleName(message.role), message.content.toStdString(), message.thinking.toStdString()});
  }
  ChatMessage begun;
  if (continueLast && !turns.empty()) {
    begun = std::move(turns.back());
    turns.pop_back();
  }
  auto parts = (*chatTemplate)->parts(turns, true);
  if (!parts) return parts.error();
  AnswerParser parser(*parts);
  if (model.tokenizer().adds_space()) parser.drop_first_space();
  if (!begun.content.empty() || !begun.thinking.empty())
    parser = resumedParser(appendBeginning(*parts, std::move(begun)));
  auto tokens = model.tokenizer().encode(*parts);
  if (!tokens) return tokens.error();
  return EncodedPrompt{std::move(*tokens), std::move(parser)};
}

Result<std::vector<TokenId>> thinkingEnd(const Model& model) {
  return model.tokenizer().encode(kThinkingEnd, {.add_special = false, .parse_special = true});
}

}  // namespace hadal
