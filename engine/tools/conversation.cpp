#include "tools/conversation.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/json_file.h"

namespace hadal::tools {
namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> roles = {"system", "user", "assistant"};

Result<std::string> member(const json& message, const char* key, std::size_t number, const std::string& path) {
  const auto found = message.find(key);
  if (found == message.end()) return at_fault(path, concat("needs a text \"", key, "\" in message ", number, "."));
  if (found->is_string()) return found->get<std::string>();
  return at_fault(path, concat("needs a text as \"", key, "\" in message ", number, ", not ", kind_of(*found), "."));
}

Result<ChatMessage> message_of(const json& value, std::size_t number, const std::string& path) {
  if (!value.is_object()) {
    return at_fault(path, concat("needs a role and a content in message ", number, ", not ", kind_of(value), "."));
  }
  auto role = member(value, "role", number, path);
  if (!role) return role.error();
  if (std::ranges::find(roles, *role) == roles.end()) {
    return at_fault(path, concat("has the unknown role \"", printable(*role), "\" in message ", number,
                                 "; it may be system, user or assistant."));
  }
  auto content = member(value, "content", number, path);
  if (!content) return content.error();
  return ChatMessage{std::move(*role), std::move(*content)};
}

}  // namespace

Result<std::vector<ChatMessage>> read_conversation(const std::string& path) {
  const auto parsed = read_json_file(path);
  if (!parsed) return parsed.error();
  if (!parsed->is_array()) {
    return at_fault(path,
                    concat("must be a list of messages, each with a role and a content, not ", kind_of(*parsed), "."));
  }
  if (parsed->empty()) return at_fault(path, "is an empty list; it needs a message of the role user.");
  std::vector<ChatMessage> messages;
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    auto message = message_of((*parsed)[i], i + 1, path);
    if (!message) return message.error();
    messages.push_back(std::move(*message));
  }
  if (std::ranges::find(messages, "user", &ChatMessage::role) == messages.end()) {
    return at_fault(path, "has no message of the role user, which an answer needs.");
  }
  return messages;
}

}  // namespace hadal::tools
