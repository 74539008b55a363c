#pragma once

#include <QJsonObject>
#include <QObject>

#include "app/chat/chat_types.h"
#include "app/outcome.h"

namespace hadal {

class ChatService;

/// One question and its answer as events, for a pipe or another process:
///   {"conversation": id, "question": id, "message": id}   the question is in the store
///   {"delta": text}                                       a piece of the answer
///   {"finished": state, "message": id, ...figures}        the end; or
///   {"error": sentence}                                   the end, without or in the middle of an answer
class AskSession : public QObject {
  Q_OBJECT
 public:
  AskSession(ChatService& chat, QObject* parent = nullptr);
  void ask(const QString& text);
  void stop();

 Q_SIGNALS:
  void event(const QJsonObject& event);
  /// After the last event.
  void ended();

 private:
  void begun(const Outcome<Message>& answer);
  void finish(const Message& answer);
  void fail(const QString& sentence);

  ChatService& chat_;
  Message answer_;
  bool over_ = false;
};

}  // namespace hadal
