#pragma once

#include <QList>

#include "app/chat/chat_types.h"

namespace hadal {

class Connection;

/// Finds conversations by title and messages by content. Every word has to be there, upper or lower case alike.
class Search {
 public:
  explicit Search(Connection& connection) : connection_(connection) {}

  /// Titles first, then messages, newest first; at most `limit` of each.
  QList<SearchHit> find(const QString& text, int limit = 100);

 private:
  Connection& connection_;
};

}  // namespace hadal
