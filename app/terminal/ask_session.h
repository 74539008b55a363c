#pragma once

#include <QJsonObject>
#include <QObject>

#include "app/chat/chat_types.h"
#include "app/outcome.h"

namespace hadal {

class ChatService;

/// One question and its answer as events, for a pipe or another process:
///   {"conversation": id, "question": id, "message": id}   the question is in the store
///   {"event": "thinking", "text": text}                   a piece of what the model thinks before
///   {"delta": text}                                       a piece of the answer
///   {"error": sentence}                                   why it failed; "finished" follows
///   {"finished": state, "message": id, ...figures}        the end; without message and figures if there is no answer
class AskSession : public QObject {
  Q_OBJECT
 public:
  AskSession(ChatService& chat, QObject* parent = nullptr);
  void ask(const QString& text, const AskOptions& options);
  /// Also before the question is in the store.
  void stop();

 Q_SIGNALS:
  void event(const QJsonObject& event);
  /// After the last event.
  void ended();

 private:
  void begun(const Outcome<Message>& answer);
  void tellThinking(const QString& text);
  void finish(const Message& answer);

  ChatService& chat_;
  Message answer_;
  bool stopped_ = false;
};

}  // namespace hadal
