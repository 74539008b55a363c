#pragma once

#include <string_view>
#include <vector>

#include "text/jinja/runtime.h"

namespace hadal::jinja {

// What methods and filters do with text. The pieces keep what a person wrote apart from what the template wrote.

Text strip(const Text& text, bool left, bool right);
/// Of any of these characters.
Text strip(Runtime& runtime, const Text& text, std::string_view characters, bool left, bool right);
/// `most` < 0: everywhere.
std::vector<Text> split(Runtime& runtime, const Text& text, std::string_view separator, std::int64_t most,
                        bool from_right);
std::vector<Text> split_at_space(Runtime& runtime, const Text& text, std::int64_t most, bool from_right);
std::vector<Text> split_lines(Runtime& runtime, const Text& text, bool keep_ends);
Text replace(Runtime& runtime, const Text& text, std::string_view old, const Text& by, std::int64_t most);
/// Where the last occurrence begins; npos if there is none.
std::size_t rfind_bytes(Runtime& runtime, std::string_view text, std::string_view needle);

}  // namespace hadal::jinja
