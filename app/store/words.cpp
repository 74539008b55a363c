#include "app/store/words.h"

#include <array>
#include <utility>

namespace hadal {

namespace {

template <class Value, std::size_t Count>
using Words = std::array<std::pair<Value, const char*>, Count>;

constexpr Words<MessageRole, 3> kRoles{
    {{MessageRole::System, "system"}, {MessageRole::User, "user"}, {MessageRole::Assistant, "assistant"}}};
constexpr Words<MessageState, 5> kStates{{{MessageState::Streaming, "streaming"},
                                          {MessageState::Done, "done"},
                                          {MessageState::Stopped, "stopped"},
                                          {MessageState::Failed, "failed"},
                                          {MessageState::Interrupted, "interrupted"}}};
constexpr Words<MessageProblem, 5> kProblems{{{MessageProblem::None, ""},
                                              {MessageProblem::PromptTooLong, "prompt_too_long"},
                                              {MessageProblem::ContextFull, "context_full"},
                                              {MessageProblem::NoModel, "no_model"},
                                              {MessageProblem::ModelFailed, "model_failed"}}};

template <class Value, std::size_t Count>
QString wordOf(const Words<Value, Count>& words, Value value) {
  for (const auto& [candidate, text] : words) {
    if (candidate == value) return QString::fromLatin1(text);
  }
  return {};
}

template <class Value, std::size_t Count>
Value valueOf(const Words<Value, Count>& words, const QString& word, Value otherwise) {
  for (const auto& [value, text] : words) {
    if (word == QLatin1String(text)) return value;
  }
  return otherwise;
}

}  // namespace

QString word(MessageRole role) {
  return wordOf(kRoles, role);
}
QString word(MessageState state) {
  return wordOf(kStates, state);
}
QString word(MessageProblem problem) {
  return wordOf(kProblems, problem);
}
MessageRole roleFrom(const QString& word) {
  return valueOf(kRoles, word, MessageRole::User);
}
MessageState stateFrom(const QString& word) {
  return valueOf(kStates, word, MessageState::Interrupted);
}
MessageProblem problemFrom(const QString& word) {
  return valueOf(kProblems, word, MessageProblem::ModelFailed);
}

}  // namespace hadal
