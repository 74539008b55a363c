#include "tools/conversation.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/json_file.h"

namespace hadal::tools {
namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> roles = {"system", "user", "assistant", "tool"};

/// Whether the message has tool calls; they must be objects.
Result<bool> calls_tools(const json& message, std::size_t number, const std::string& path) {
  const auto found = message.find("tool_calls");
  if (found == message.end() || found->is_null()) return false;
  const bool objects =
      found->is_array() && std::ranges::all_of(*found, [](const json& call) { return call.is_object(); });
  if (objects) return !found->empty();
  return at_fault(path, concat("needs a list of objects as \"tool_calls\" in message ", number, "."));
}

Result<void> check_text(const json& message, const char* key, std::size_t number, const std::string& path) {
  const auto found = message.find(key);
  if (found == message.end()) return at_fault(path, concat("needs a text \"", key, "\" in message ", number, "."));
  if (found->is_string()) return {};
  return at_fault(path, concat("needs a text as \"", key, "\" in message ", number, ", not ", kind_of(*found), "."));
}

Result<void> check_message(const json& message, std::size_t number, const std::string& path) {
  if (!message.is_object()) {
    return at_fault(path, concat("needs a role and a content in message ", number, ", not ", kind_of(message), "."));
  }
  if (auto role = check_text(message, "role", number, path); !role) return role.error();
  const auto& role = message["role"].get_ref<const std::string&>();
  if (std::ranges::find(roles, role) == roles.end()) {
    return at_fault(path, concat("has the unknown role \"", printable(role), "\" in message ", number,
                                 "; it may be system, user, assistant or tool."));
  }
  const auto calls = calls_tools(message, number, path);
  if (!calls) return calls.error();
  const auto content = message.find("content");
  if (*calls && (content == message.end() || content->is_null())) return {};
  return check_text(message, "content", number, path);
}

}  // namespace

Result<std::string> read_conversation(const std::string& path) {
  const auto parsed = read_json_file(path);
  if (!parsed) return parsed.error();
  if (!parsed->is_array()) {
    return at_fault(path,
                    concat("must be a list of messages, each with a role and a content, not ", kind_of(*parsed), "."));
  }
  if (parsed->empty()) return at_fault(path, "is an empty list; it needs a message of the role user.");
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    if (auto checked = check_message((*parsed)[i], i + 1, path); !checked) return checked.error();
  }
  if (std::ranges::none_of(*parsed, [](const json& message) { return message["role"] == "user"; })) {
    return at_fault(path, "has no message of the role user, which an answer needs.");
  }
  return parsed->dump();
}

Result<std::string> read_objects(const std::string& path, std::string_view what) {
  const auto parsed = read_json_file(path);
  if (!parsed) return parsed.error();
  if (!parsed->is_array()) return at_fault(path, concat("must be a list of ", what, "s, not ", kind_of(*parsed), "."));
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    const json& item = (*parsed)[i];
    if (!item.is_object())
      return at_fault(path, concat("needs an object as ", what, " ", i + 1, ", not ", kind_of(item), "."));
  }
  return parsed->dump();
}

}  // namespace hadal::tools
