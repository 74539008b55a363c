#include "text/jinja/text_tools.h"

#include <algorithm>

#include "text/jinja/unicode.h"

namespace hadal::jinja {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_line_end(char32_t c) {
  return (c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/// Where the character before `end` begins.
std::size_t previous_char(std::string_view text, std::size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

/// A piece more: it takes two allocations, and some 160 bytes beside its text once it is a value.
void count_piece(Runtime& runtime, const std::vector<Text>& pieces) {
  runtime.budget().step(4);
  runtime.budget().room(pieces.size() * 160);
  runtime.budget().work(pieces.back().size());
}

}  // namespace

Text strip(const Text& text, bool left, bool right) {
  const std::size_t begin = left ? leading_space(text.view()) : 0;
  const std::size_t tail = right && begin < text.size() ? trailing_space(text.view()) : 0;
  return text.slice(begin, text.size() - begin - tail);
}

Text strip(Runtime& runtime, const Text& text, std::string_view characters, bool left, bool right) {
  std::u32string set;
  for (std::size_t at = 0; at < characters.size();) set += next_char(characters, at);
  runtime.budget().work(text.size() * (1 + set.size() / 8));
  std::size_t begin = 0, end = text.size();
  while (left && begin < end) {
    std::size_t next = begin;
    if (set.find(next_char(text.view(), next)) == std::u32string::npos) break;
    begin = next;
  }
  while (right && end > begin) {
    const std::size_t last = previous_char(text.view(), end);
    std::size_t at = last;
    if (set.find(next_char(text.view(), at)) == std::u32string::npos) break;
    end = last;
  }
  return text.slice(begin, end - begin);
}

std::size_t rfind_bytes(Runtime& runtime, std::string_view text, std::string_view needle) {
  if (needle.empty()) return text.size();
  // From the end in growing windows, so that cutting a text piece by piece does not read all of it for each.
  for (std::size_t window = 4 * needle.size() + 64;; window *= 2) {
    const std::size_t begin = text.size() > window ? text.size() - window : 0;
    runtime.budget().work(text.size() - begin);
    std::size_t last = npos;
    for (std::size_t at = begin; (at = find_bytes(text, needle, at)) != npos; ++at) {
      runtime.budget().step();
      runtime.budget().work(needle.size());
      last = at;
    }
    if (last != npos || begin == 0) return last;
  }
}

std::vector<Text> split(Runtime& runtime, const Text& text, std::string_view separator, std::int64_t most,
                        bool from_right) {
  if (separator.empty()) runtime.fail("split() takes a separator that is not empty");
  runtime.budget().work(text.size());
  std::vector<Text> out;
  const auto add = [&](std::size_t begin, std::size_t end) {
    out.push_back(text.slice(begin, end - begin));
    count_piece(runtime, out);
  };
  if (!from_right) {
    std::size_t begin = 0;
    for (; most != 0; --most) {
      const std::size_t at = find_bytes(text.view(), separator, begin);
      if (at == npos) break;
      add(begin, at);
      begin = at + separator.size();
    }
    add(begin, text.size());
    return out;
  }
  std::size_t end = text.size();
  for (; most != 0; --most) {
    const std::size_t at = rfind_bytes(runtime, text.view().substr(0, end), separator);
    if (at == npos) break;
    add(at + separator.size(), end);
    end = at;
  }
  add(0, end);
  std::ranges::reverse(out);
  return out;
}

std::vector<Text> split_at_space(Runtime& runtime, const Text& text, std::int64_t most, bool from_right) {
  runtime.budget().work(text.size() * 4);
  std::vector<std::pair<std::size_t, std::size_t>> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    if (is_space(next_char(text.view(), at))) continue;
    if (words.empty() || words.back().second != begin) words.emplace_back(begin, begin);
    words.back().second = at;
  }
  const std::size_t count = words.size();
  if (most >= 0 && count > static_cast<std::size_t>(most)) {
    // What is not split any more keeps its white space, but for that next to the last split.
    const auto limit = static_cast<std::size_t>(most);
    if (from_right) {
      words[count - limit - 1].first = 0;
      words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(limit) - 1);
    } else {
      words[limit].second = text.size();
      words.resize(limit + 1);
    }
  }
  std::vector<Text> out;
  for (const auto& [begin, end] : words) {
    out.push_back(text.slice(begin, end - begin));
    count_piece(runtime, out);
  }
  return out;
}

std::vector<Text> split_lines(Runtime& runtime, const Text& text, bool keep_ends) {
  std::vector<Text> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at;
    const char32_t c = next_char(text.view(), at);
    if (!is_line_end(c) && at < text.size()) continue;
    if (c == '\r' && text.view().substr(at).starts_with('\n')) ++at;
    const std::size_t stop = keep_ends || !is_line_end(c) ? at : end;
    out.push_back(text.slice(begin, stop - begin));
    count_piece(runtime, out);
    begin = at;
  }
  return out;
}

Text replace(Runtime& runtime, const Text& text, std::string_view old, const Text& by, std::int64_t most) {
  runtime.budget().work(text.size());
  Text out;
  std::size_t done = 0;
  const auto add = [&](std::size_t end) {
    runtime.budget().step();
    runtime.budget().work(end - done + by.size());
    runtime.budget().room(out.size() + end - done + by.size());
    out.append(text, done, end - done);
    out.append(by);
    done = end;
  };
  if (old.empty()) {
    // Python puts it before every character and at the end.
    for (std::size_t at = 0; most != 0; --most) {
      add(at);
      if (at == text.size()) break;
      next_char(text.view(), at);
    }
  }
  while (!old.empty() && most != 0) {
    const std::size_t at = find_bytes(text.view(), old, done);
    if (at == npos) break;
    add(at);
    done = at + old.size();
    --most;
  }
  out.append(text, done, text.size() - done);
  return out;
}

}  // namespace hadal::jinja
