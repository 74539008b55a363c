#include "hadal/reasoning.h"

#include <algorithm>

#include "text/tool_calls.h"

namespace hadal {
namespace {

constexpr std::string_view kOpen = "<think>", kClose = "</think>", kSpace = " \t\r\n";

/// Length of the longest end of the text that is a beginning of the tag, but not all of it.
std::size_t partial_tag(std::string_view text, std::string_view tag) {
  for (std::size_t length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
    if (text.ends_with(tag.substr(0, length))) return length;
  }
  return 0;
}

/// Bytes at the end of the text that are decided only by what follows: white space and a tag's beginning behind it.
std::size_t undecided(std::string_view text, std::span<const std::string_view> tags) {
  std::size_t tail = 0;
  for (const auto tag : tags) tail = std::max(tail, partial_tag(text, tag));
  const auto front = text.substr(0, text.size() - tail);
  const std::size_t last = front.find_last_not_of(kSpace);
  return text.size() - (last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

class AnswerParser::Impl {
 public:
  explicit Impl(bool thinking) : state_(thinking ? State::thinking : State::start), skips_space_(thinking) {}

  void drop_first_space() { first_space_ = true; }

  std::vector<AnswerEvent> push(std::string_view text) {
    if (first_space_ && !text.empty()) {
      first_space_ = false;
      if (text.front() == ' ') text.remove_prefix(1);
    }
    held_ += text;
    std::vector<AnswerEvent> out;
    while (step(out)) {
    }
    return out;
  }

  std::vector<AnswerEvent> finish() {
    std::vector<AnswerEvent> out;
    if (state_ == State::calls) {
      const auto calls = parse_tool_calls(held_);
      // Only the block of several may lack its end.
      if (calls && tags_->open == tool_call_tags[1].open) {
        add(out, *calls);
      } else {
        add(out, AnswerEvent::Kind::text, before_calls_ + held_);
      }
    } else if (state_ == State::thinking) {
      // The white space before a close that did not come.
      if (skips_space_) held_.erase(0, std::min(held_.find_first_not_of(kSpace), held_.size()));
      held_.resize(held_.find_last_not_of(kSpace) + 1);
      add(out, AnswerEvent::Kind::thinking, held_);
    } else if (!skips_space_ || held_.find_first_not_of(kSpace) != std::string::npos) {
      add(out, AnswerEvent::Kind::text, held_);
    }
    held_.clear();
    return out;
  }

  bool thinking() const { return state_ == State::thinking; }

 private:
  enum class State { start, thinking, text, calls };

  static void add(std::vector<AnswerEvent>& out, AnswerEvent::Kind kind, std::string_view text) {
    if (text.empty()) return;
    if (!out.empty() && out.back().kind == kind) {
      out.back().text += text;
    } else {
      out.push_back({kind, std::string(text), {}});
    }
  }
  static void add(std::vector<AnswerEvent>& out, const std::vector<ToolCall>& calls) {
    for (const ToolCall& call : calls) out.push_back({AnswerEvent::Kind::tool_call, {}, call});
  }

  /// Takes what can be decided of held_; false if nothing more can be.
  bool step(std::vector<AnswerEvent>& out) {
    if (skips_space_ && !drop_space()) return false;
    switch (state_) {
      case State::start:
        return begin();
      case State::thinking:
        return think(out);
      case State::text:
        return write(out);
      case State::calls:
        return take_calls(out);
    }
    return false;
  }

  /// False while there is nothing else.
  bool drop_space() {
    held_.erase(0, std::min(held_.find_first_not_of(kSpace), held_.size()));
    if (held_.empty()) return false;
    // Kept until something other than a tag comes: behind a tag, space may go on.
    return true;
  }

  /// <think> or not, white space before it left out of account.
  bool begin() {
    const std::size_t first = held_.find_first_not_of(kSpace);
    if (first == std::string::npos) return false;
    const std::string_view text = std::string_view(held_).substr(first);
    if (text.starts_with(kOpen)) {
      held_.erase(0, first + kOpen.size());
      state_ = State::thinking;
      skips_space_ = true;
      return true;
    }
    if (text.size() < kOpen.size() && kOpen.starts_with(text)) return false;
    state_ = State::text;
    return true;
  }

  bool think(std::vector<AnswerEvent>& out) {
    const std::size_t close = held_.find(kClose);
    if (close != std::string::npos) {
      const auto thought = std::string_view(held_).substr(0, close);
      add(out, AnswerEvent::Kind::thinking, thought.substr(0, thought.find_last_not_of(kSpace) + 1));
      held_.erase(0, close + kClose.size());
      state_ = State::text;
      skips_space_ = true;
      return true;
    }
    const std::size_t sure = held_.size() - undecided(held_, std::span(&kClose, 1));
    emit(out, AnswerEvent::Kind::thinking, sure);
    return false;
  }

  bool write(std::vector<AnswerEvent>& out) {
    std::size_t first = std::string::npos;
    for (const ToolCallTags& tags : tool_call_tags) {
      const std::size_t at = held_.find(tags.open);
      if (at >= first) continue;
      first = at;
      tags_ = &tags;
    }
    if (first == std::string::npos) {
      std::string_view opens[std::size(tool_call_tags)];
      std::ranges::transform(tool_call_tags, opens, &ToolCallTags::open);
      emit(out, AnswerEvent::Kind::text, held_.size() - undecided(held_, opens));
      return false;
    }
    const std::size_t sure = held_.find_last_not_of(kSpace, first == 0 ? 0 : first - 1);
    const std::size_t text = first == 0 || sure == std::string::npos ? 0 : sure + 1;
    add(out, AnswerEvent::Kind::text, std::string_view(held_).substr(0, text));
    before_calls_ = held_.substr(text, first - text);
    held_.erase(0, first);
    state_ = State::calls;
    skips_space_ = false;
    return true;
  }

  bool take_calls(std::vector<AnswerEvent>& out) {
    const std::size_t close = held_.find(tags_->close);
    if (close == std::string::npos) return false;
    const std::size_t end = close + tags_->close.size();
    const auto calls = parse_tool_calls(std::string_view(held_).substr(0, end));
    if (calls) {
      add(out, *calls);
      held_.erase(0, end);
    } else {
      // Only the opening tag is surely text: what follows may hold a call that is whole.
      add(out, AnswerEvent::Kind::text, before_calls_ + held_.substr(0, tags_->open.size()));
      held_.erase(0, tags_->open.size());
    }
    skips_space_ = calls.has_value();
    state_ = State::text;
    return true;
  }

  void emit(std::vector<AnswerEvent>& out, AnswerEvent::Kind kind, std::size_t length) {
    if (length == 0) return;
    add(out, kind, std::string_view(held_).substr(0, length));
    held_.erase(0, length);
    skips_space_ = false;
  }

  State state_;
  bool first_space_ = false;  ///< The next character is dropped if it is a space.
  bool skips_space_;          ///< White space that comes now is next to a tag.
  std::string held_;          ///< Not decided yet.
  std::string before_calls_;  ///< White space in front of what may be calls.
  const ToolCallTags* tags_ = nullptr;
};

AnswerParser::AnswerParser(bool thinking) : impl_(std::make_unique<Impl>(thinking)) {}
AnswerParser::AnswerParser(std::span<const TextPart> prompt) : AnswerParser(begins_thinking(prompt)) {}
AnswerParser::~AnswerParser() = default;
AnswerParser::AnswerParser(AnswerParser&&) noexcept = default;
AnswerParser& AnswerParser::operator=(AnswerParser&&) noexcept = default;

void AnswerParser::drop_first_space() {
  impl_->drop_first_space();
}
std::vector<AnswerEvent> AnswerParser::push(std::string_view text) {
  return impl_->push(text);
}
std::vector<AnswerEvent> AnswerParser::finish() {
  return impl_->finish();
}
bool AnswerParser::thinking() const {
  return impl_->thinking();
}

bool begins_thinking(std::span<const TextPart> prompt) {
  // The template's last words; and the answer to go on with, if the prompt ends in one.
  std::size_t first = prompt.size();
  if (first > 0 && prompt[first - 1].literal) --first;
  if (first > 0 && !prompt[first - 1].literal) --first;
  std::string end;
  for (const TextPart& part : prompt.subspan(first)) end += part.text;
  const std::size_t open = end.rfind(kOpen), close = end.rfind(kClose);
  return open != std::string::npos && (close == std::string::npos || close < open);
}

}  // namespace hadal
