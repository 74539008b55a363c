#include "text/tool_calls.h"

#include <nlohmann/json.hpp>

#include "text/bounded_json.h"
#include "text/json_spelling.h"

namespace hadal {
namespace {

using nlohmann::ordered_json;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::optional<ordered_json> object_of(std::string_view text) {
  auto json = parse_bounded_json(text);
  if (!json.is_object()) return std::nullopt;
  return json;
}

/// Arguments as one JSON object in one line, numbers as the model wrote them; some models write it into a string.
std::optional<std::string> arguments_of(std::string_view text) {
  const auto json = parse_bounded_json(text);
  if (json.is_object()) return compact_json(text);
  if (!json.is_string()) return std::nullopt;
  const std::string_view inner = json.get_ref<const std::string&>();
  if (!object_of(inner)) return std::nullopt;
  return compact_json(inner);
}

std::optional<ToolCall> parse_json_call(std::string_view text) {
  const auto json = object_of(text);
  if (!json || !json->contains("name") || !(*json)["name"].is_string()) return std::nullopt;
  const auto spelled = json_member(text, json->contains("arguments") ? "arguments" : "parameters");
  const auto arguments = spelled ? arguments_of(*spelled) : std::optional<std::string>("{}");
  if (!arguments || (*json)["name"].get_ref<const std::string&>().empty()) return std::nullopt;
  return ToolCall{{}, (*json)["name"], *arguments};
}

/// NAME<｜tool▁sep｜>{...}, or function<｜tool▁sep｜>NAME, a line end and {...} in a fence.
std::optional<ToolCall> parse_deepseek_call(std::string_view text) {
  constexpr std::string_view separator = "<｜tool▁sep｜>";
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view name = trimmed(text.substr(0, at)), rest = trimmed(text.substr(at + separator.size()));
  if (!rest.starts_with('{')) {
    const std::size_t line = rest.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    name = trimmed(rest.substr(0, line));
    rest = trimmed(rest.substr(line));
    if (!take(rest, "```json") && !take(rest, "```")) return std::nullopt;
    if (!rest.ends_with("```")) return std::nullopt;
    rest.remove_suffix(3);
  }
  if (!object_of(rest) || name.empty()) return std::nullopt;
  return ToolCall{{}, std::string(name), compact_json(rest)};
}

}  // namespace

std::optional<std::vector<ToolCall>> parse_tool_calls(std::string_view stretch) {
  const auto& [json, several, single] = tool_call_tags;
  std::vector<ToolCall> out;
  if (take(stretch, json.open)) {
    if (!stretch.ends_with(json.close)) return std::nullopt;
    stretch.remove_suffix(json.close.size());
    auto call = parse_json_call(stretch);
    if (!call) return std::nullopt;
    out.push_back(std::move(*call));
    return out;
  }
  if (take(stretch, several.open) && stretch.ends_with(several.close)) stretch.remove_suffix(several.close.size());
  for (stretch = trimmed(stretch); !stretch.empty(); stretch = trimmed(stretch)) {
    if (!take(stretch, single.open)) return std::nullopt;
    const std::size_t end = stretch.find(single.close);
    if (end == std::string_view::npos) return std::nullopt;
    auto call = parse_deepseek_call(stretch.substr(0, end));
    if (!call) return std::nullopt;
    out.push_back(std::move(*call));
    stretch.remove_prefix(end + single.close.size());
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace hadal
