#pragma once

#include <QElapsedTimer>
#include <QString>
#include <vector>

#include "app/inference/inference_service.h"
#include "hadal/engine.h"
#include "hadal/reasoning.h"

namespace hadal {

/// An answer in the engine's hands: told apart into thinking and text, and gathered until it is sent.
class StreamedAnswer {
 public:
  /// `request` is what the engine computes; its prompt is kept, because the answer may have to go on behind it.
  StreamedAnswer(quint64 ticket, Request request, AnswerParser parser, bool afterText);

  quint64 ticket() const { return ticket_; }
  bool thinking() const { return parser_.thinking(); }

  void take(const Event& event);
  /// The engine has ended it: what the parser held back.
  void end(const Event& event);
  GenerationStats stats() const;

  /// Nothing was taken, or what was is sent.
  bool isEmpty() const { return text_.isEmpty() && thinking_.isEmpty(); }
  /// Sent so long ago that the next piece may be.
  bool isDue() const;
  QString takeThinking();
  QString takeText();

  /// What the engine is to compute after the thinking was cut short: the prompt, what was generated, and what ends the
  /// thinking.
  Request behindThinking(const std::vector<TokenId>& close) const;
  /// That is computed now.
  void closeThinking(Request request);

  /// Its prompt and what was generated.
  std::vector<TokenId> tokens() const;

  qint64 chat = 0;         ///< Of the request.
  bool answerNow = false;  ///< Its request was cancelled for that.

 private:
  void add(const std::vector<AnswerEvent>& events);
  void addCall(const ToolCall& call);

  quint64 ticket_;
  Request request_;
  AnswerParser parser_;
  std::vector<TokenId> generated_;  ///< Of the request that runs now.
  QString text_, thinking_;         ///< Not yet sent.
  bool afterText_;                  ///< Text came before ...
  bool afterCall_ = false;          ///< ... and it ended in a tool call.
  QElapsedTimer sinceSent_;
  RequestStats now_, before_;  ///< Of this request, and of the one before its thinking was cut short.
};

}  // namespace hadal
