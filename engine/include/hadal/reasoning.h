#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/chat_template.h"

namespace hadal {

/// A piece of an answer.
struct AnswerEvent {
  enum class Kind {
    text,       ///< For the person; never empty.
    thinking,   ///< What the model says to itself; never empty.
    tool_call,  ///< A whole call.
  };
  Kind kind = Kind::text;
  std::string text;  ///< Of text and thinking.
  ToolCall call;     ///< Of a tool call: name and arguments; models give no id.

  bool operator==(const AnswerEvent&) const = default;
};

/// Tells thinking, text and tool calls apart in an answer while it comes. One per answer; not thread-safe.
///
/// Thinking lies between <think> and </think>. Whether an answer begins inside is told by the prompt: R1's ends in
/// "<think>\n", V3.1's in "<think>" or "</think>". Otherwise <think> counts only at the answer's very beginning: later
/// it is something the model writes about. White space next to the tags is dropped.
///
/// Tool calls count outside thinking only:
///   <tool_call>{"name": N, "arguments": {...}}</tool_call>                                            Qwen, Hermes
///   <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>N\n```json\n{...}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>
///   V3, R1 <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>N<｜tool▁sep｜>{...}<｜tool▁call▁end｜><｜tool▁calls▁end｜> V3.1
/// The second and third hold any number of calls. White space around calls is dropped. What is malformed or cut short
/// stays text, tags and all.
///
/// However the answer is cut into pieces, the same events come, text and thinking joined with their neighbours.
class AnswerParser {
 public:
  /// `prompt`: what the answer goes on from. A person's "<think>" in it does not count.
  explicit AnswerParser(std::span<const TextPart> prompt);
  explicit AnswerParser(bool begins_thinking);
  ~AnswerParser();
  AnswerParser(AnswerParser&&) noexcept;
  AnswerParser& operator=(AnswerParser&&) noexcept;

  /// Before the first push: one space at the answer's very beginning is dropped. Tokenizers that add a space to a text
  /// (Tokenizer::adds_space) have it in their tokens of first words, so that a model begins with one nobody means.
  void drop_first_space();

  /// The next piece of the answer, whole UTF-8 characters. What may be the beginning of a tag is held back.
  std::vector<AnswerEvent> push(std::string_view text);
  /// The answer has ended: what was held back.
  std::vector<AnswerEvent> finish();
  /// Inside thinking now.
  bool thinking() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// True if an answer to this prompt begins inside thinking.
bool begins_thinking(std::span<const TextPart> prompt);

/// The control tokens that spell the tags above, for Request::spelled: without them a parser would not see the tags of
/// a model that writes each as one such token.
std::vector<TokenId> answer_tags(const Tokenizer& tokenizer);

}  // namespace hadal
