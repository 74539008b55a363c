#pragma once

#include "app/chat/chat_types.h"

namespace hadal {

class Connection;

/// The rows of `messages`: a tree for every conversation. Used inside a transaction; failures stick to the connection.
class Messages {
 public:
  explicit Messages(Connection& connection) : connection_(connection) {}

  /// Stores a new one as the last among its siblings; the value has its id and its place.
  Message insert(Message message);
  /// Fails the transaction if there is none.
  Message get(MessageId id);

  /// The messages from the root to `leaf`, each with its place among its siblings.
  QList<Message> branch(ConversationId conversation, MessageId leaf);
  /// The children of `parent`, oldest first; 0: the conversation's first messages.
  QList<MessageId> children(ConversationId conversation, MessageId parent);
  /// Where the branch through `from` ends if the newest child is taken every time.
  MessageId newestLeaf(ConversationId conversation, MessageId from);

  /// Journals what an answer has come to so far.
  void setContent(MessageId id, const QString& content, const QString& thinking, double thinkingSeconds = 0);
  /// An answer that had ended is being computed further.
  void reopen(MessageId id);
  /// Writes the end of an answer: text, state, reason and figures.
  void finish(const Message& answer);
  /// Answers that nobody computes any more become Interrupted; the value is their number.
  int interruptUnfinished();

 private:
  Connection& connection_;
};

}  // namespace hadal
