#include <string_view>

#include "hadal/reasoning.h"

namespace hadal {

std::vector<TokenId> answer_tags(const Tokenizer& tokenizer) {
  constexpr std::string_view kTags[] = {"<think>",
                                        "</think>",
                                        "<tool_call>",
                                        "</tool_call>",
                                        "<｜tool▁calls▁begin｜>",
                                        "<｜tool▁calls▁end｜>",
                                        "<｜tool▁call▁begin｜>",
                                        "<｜tool▁call▁end｜>",
                                        "<｜tool▁sep｜>"};
  std::vector<TokenId> tags;
  for (const std::string_view tag : kTags) {
    const auto ids = tokenizer.encode(tag, {.add_special = false, .parse_special = true});
    if (ids && ids->size() == 1 && tokenizer.is_control(ids->front())) tags.push_back(ids->front());
  }
  return tags;
}

}  // namespace hadal
