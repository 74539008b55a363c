#include "app/inference/prompt_encoder.h"

#include <algorithm>

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

/// Stands for message `index` in the rendered text. U+001A is "substitute"; nobody types it.
std::string placeholder(std::size_t index) {
  return "\x1a" + std::to_string(index) + "\x1a";
}

bool spellsControlToken(const Tokenizer& tokenizer, const std::string& text) {
  const auto ids = tokenizer.encode(text, {.add_special = false, .parse_special = true});
  return std::any_of(ids.begin(), ids.end(), [&](TokenId id) { return tokenizer.is_control(id); });
}

void append(std::vector<TokenId>& to, const std::vector<TokenId>& ids) {
  to.insert(to.end(), ids.begin(), ids.end());
}

}  // namespace

Result<std::vector<TokenId>> encodePrompt(const Model& model, const QList<PromptMessage>& messages) {
  const Tokenizer& tokenizer = model.tokenizer();
  auto chatTemplate = model.chat_template();
  if (!chatTemplate) return chatTemplate.error();

  std::vector<ChatMessage> turns;
  std::vector<std::pair<std::string, std::string>> plain;  // Placeholder and what it stands for, in order.
  for (const PromptMessage& message : messages) {
    std::string content = message.content.toStdString();
    if (spellsControlToken(tokenizer, content)) {
      plain.emplace_back(placeholder(turns.size()), std::move(content));
      content = plain.back().first;
    }
    turns.push_back({roleName(message.role), std::move(content)});
  }
  auto rendered = (*chatTemplate)->render(turns, true);
  if (!rendered) return rendered.error();

  std::vector<TokenId> ids;
  std::size_t at = 0;
  bool first = true;
  const auto addTemplate = [&](std::size_t end) {
    append(ids, tokenizer.encode(std::string_view(*rendered).substr(at, end - at),
                                 {.add_special = first, .parse_special = true}));
    first = false;
  };
  for (const auto& [mark, text] : plain) {
    const std::size_t found = rendered->find(mark, at);
    if (found == std::string::npos) continue;  // The template left this message out.
    addTemplate(found);
    append(ids, tokenizer.encode(text, {.add_special = false, .parse_special = false}));
    at = found + mark.size();
  }
  addTemplate(rendered->size());
  // Most templates write the beginning-of-sequence token themselves.
  if (ids.size() > 1 && ids[0] == tokenizer.bos() && ids[1] == ids[0]) ids.erase(ids.begin());
  return ids;
}

}  // namespace hadal
