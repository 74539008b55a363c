#pragma once

#include <optional>

#include "app/chat/chat_types.h"

namespace hadal {

class Connection;

/// The rows of `conversations` and `folders`. Used inside a transaction; failures stick to the connection.
class Conversations {
 public:
  explicit Conversations(Connection& connection) : connection_(connection) {}

  Conversation insert(const QString& title, FolderId folder = 0);
  /// Fails the transaction if there is none; removed ones count as none.
  Conversation get(ConversationId id);
  QList<Conversation> all();  ///< Newest first, without removed ones.

  void setTitle(ConversationId id, const QString& title);
  void setPinned(ConversationId id, bool pinned);
  void setDraft(ConversationId id, const QString& draft);
  void setFolder(ConversationId id, FolderId folder);
  /// The end of the branch that is shown.
  void setLeaf(ConversationId id, MessageId leaf);
  void touch(ConversationId id);
  void setRemoved(ConversationId id, bool removed);
  void purgeRemoved();

  QList<Folder> folders();
  Folder insertFolder(const QString& name);
  void renameFolder(FolderId id, const QString& name);
  void removeFolder(FolderId id);

 private:
  Connection& connection_;
};

}  // namespace hadal
