#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hadal/chat_template.h"

namespace hadal {

/// A stretch of an answer that asks for tools: where it opens and where it closes.
struct ToolCallTags {
  std::string_view open;
  std::string_view close;
};

inline constexpr ToolCallTags tool_call_tags[] = {
    {"<tool_call>", "</tool_call>"},
    {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"},
    {"<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"},
};

/// The calls of a stretch, tags included; nothing if it is malformed or holds none. The close of the second kind may be
/// missing: some models stop before it.
std::optional<std::vector<ToolCall>> parse_tool_calls(std::string_view stretch);

}  // namespace hadal
