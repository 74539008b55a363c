#include "app/store/messages.h"

#include <QCoreApplication>
#include <QHash>
#include <algorithm>

#include "app/store/connection.h"
#include "app/store/words.h"

namespace hadal {

namespace {

const QString kColumns = QStringLiteral(
    "id, conversation_id, parent_id, role, content, thinking, state, problem, error, model, prompt_tokens, tokens, "
    "tokens_per_second, first_token_seconds, created, thinking_seconds");

Message fromRow(const Statement& row) {
  Message m;
  m.id = row.integer(0);
  m.conversation = row.integer(1);
  m.parent = row.integer(2);
  m.role = roleFrom(row.text(3));
  m.content = row.text(4);
  m.thinking = row.text(5);
  m.state = stateFrom(row.text(6));
  m.problem = problemFrom(row.text(7));
  m.error = row.text(8);
  m.model = row.text(9);
  m.promptTokens = static_cast<int>(row.integer(10));
  m.tokens = static_cast<int>(row.integer(11));
  m.tokensPerSecond = row.real(12);
  m.firstTokenSeconds = row.real(13);
  m.created = timeFrom(row.integer(14));
  m.thinkingSeconds = row.real(15);
  return m;
}

qint64 now() {
  return QDateTime::currentMSecsSinceEpoch();
}

/// Who is whose child in one conversation.
struct Tree {
  Tree(Connection& connection, ConversationId conversation) {
    Statement select(connection,
                     QStringLiteral("SELECT id, parent_id FROM messages WHERE conversation_id = ? ORDER BY id"));
    select.bind(conversation);
    while (select.next()) {
      const MessageId id = select.integer(0);
      const MessageId parent = select.integer(1);
      parents.insert(id, parent);
      children[parent].append(id);
    }
  }

  /// 1-based.
  int place(MessageId id) const { return static_cast<int>(children.value(parents.value(id)).indexOf(id)) + 1; }

  QHash<MessageId, MessageId> parents;
  QHash<MessageId, QList<MessageId>> children;
};

}  // namespace

Message Messages::insert(Message message) {
  message.created = timeFrom(now());
  Statement insert(
      connection_,
      QStringLiteral("INSERT INTO messages(conversation_id, parent_id, role, content, state, model, created, finished) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  const qint64 created = toStored(message.created);
  insert.bind(message.conversation, nullIfZero(message.parent), word(message.role), message.content,
              word(message.state), message.model, created,
              nullIfZero(message.state == MessageState::Streaming ? 0 : created));
  if (!insert.run()) return {};
  message.id = insert.insertedId();
  message.branches = static_cast<int>(children(message.conversation, message.parent).size());
  message.branch = message.branches;
  return message;
}

Message Messages::get(MessageId id) {
  Statement select(connection_, QStringLiteral("SELECT %1 FROM messages WHERE id = ?").arg(kColumns));
  select.bind(id);
  if (!select.next()) {
    connection_.fail(QCoreApplication::translate("Store", "This message is no longer there."));
    return {};
  }
  Message message = fromRow(select);
  const QList<MessageId> siblings = children(message.conversation, message.parent);
  message.branches = static_cast<int>(siblings.size());
  message.branch = static_cast<int>(siblings.indexOf(id)) + 1;
  return message;
}

QList<Message> Messages::branch(ConversationId conversation, MessageId leaf) {
  const Tree tree(connection_, conversation);
  QHash<MessageId, qsizetype> depth;  // Of the messages on the branch, counted from the leaf.
  for (MessageId id = leaf; tree.parents.contains(id); id = tree.parents.value(id)) depth.insert(id, depth.size());

  QList<Message> result(depth.size());
  Statement select(connection_, QStringLiteral("SELECT %1 FROM messages WHERE conversation_id = ?").arg(kColumns));
  select.bind(conversation);
  while (select.next()) {
    const auto found = depth.constFind(select.integer(0));
    if (found == depth.constEnd()) continue;
    Message& message = result[depth.size() - 1 - *found];
    message = fromRow(select);
    message.branch = tree.place(message.id);
    message.branches = static_cast<int>(tree.children.value(message.parent).size());
  }
  return result;
}

QList<MessageId> Messages::children(ConversationId conversation, MessageId parent) {
  QList<MessageId> result;
  Statement select(connection_,
                   QStringLiteral("SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS ? ORDER BY id"));
  select.bind(conversation, nullIfZero(parent));
  while (select.next()) result.append(select.integer(0));
  return result;
}

MessageId Messages::newestLeaf(ConversationId conversation, MessageId from) {
  const Tree tree(connection_, conversation);
  while (tree.children.contains(from)) from = tree.children.value(from).last();
  return from;
}

void Messages::setContent(MessageId id, const QString& content, const QString& thinking, double thinkingSeconds) {
  Statement(connection_,
            QStringLiteral("UPDATE messages SET content = ?, thinking = ?, thinking_seconds = ? WHERE id = ?"))
      .bind(content, thinking, thinkingSeconds, id)
      .run();
}

void Messages::reopen(MessageId id) {
  Statement(
      connection_,
      QStringLiteral("UPDATE messages SET state = 'streaming', problem = '', error = '', finished = NULL WHERE id = ?"))
      .bind(id)
      .run();
}

void Messages::finish(const Message& m) {
  Statement(
      connection_,
      QStringLiteral("UPDATE messages SET content = ?, thinking = ?, thinking_seconds = ?, state = ?, problem = ?, "
                     "error = ?, model = ?, "
                     "prompt_tokens = ?, tokens = ?, tokens_per_second = ?, first_token_seconds = ?, finished = ? "
                     "WHERE id = ?"))
      .bind(m.content, m.thinking, m.thinkingSeconds, word(m.state), word(m.problem), m.error, m.model, m.promptTokens,
            m.tokens, m.tokensPerSecond, m.firstTokenSeconds, now(), m.id)
      .run();
}

int Messages::interruptUnfinished() {
  Statement update(connection_,
                   QStringLiteral("UPDATE messages SET state = 'interrupted', finished = ? WHERE state = 'streaming'"));
  return update.bind(now()).run() ? update.affectedRows() : 0;
}

}  // namespace hadal
