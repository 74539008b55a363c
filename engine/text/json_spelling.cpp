#include "text/json_spelling.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hadal {
namespace {

constexpr std::string_view kSpace = " \t\r\n";  // RFC 8259, section 2

std::size_t skip_space(std::string_view json, std::size_t at) {
  return std::min(json.find_first_not_of(kSpace, at), json.size());
}

/// Behind the string that begins at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

/// Behind the value that begins at `at`.
std::size_t value_end(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = string_end(json, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || kSpace.find(c) != std::string_view::npos)) {
      return at;
    }
    ++at;
  }
  return at;
}

}  // namespace

std::string compact_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = skip_space(json, 0); at < json.size(); at = skip_space(json, at)) {
    const std::size_t end = json[at] == '"' ? string_end(json, at) : at + 1;
    out += json.substr(at, end - at);
    at = end;
  }
  return out;
}

std::optional<std::string_view> json_member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  std::size_t at = skip_space(object, skip_space(object, 0) + 1);
  while (at < object.size() && object[at] == '"') {
    const std::size_t end = string_end(object, at);
    const auto key = nlohmann::json::parse(object.substr(at, end - at), nullptr, false);
    const std::size_t value = skip_space(object, skip_space(object, end) + 1);
    const std::size_t behind = value_end(object, value);
    if (key.is_string() && key.get_ref<const std::string&>() == name) found = object.substr(value, behind - value);
    at = skip_space(object, skip_space(object, behind) + 1);
  }
  return found;
}

}  // namespace hadal
