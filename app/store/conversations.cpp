#include "app/store/conversations.h"

#include <QCoreApplication>

#include "app/store/connection.h"
#include "app/store/words.h"

namespace hadal {

namespace {

const QString kColumns = QStringLiteral("id, title, folder_id, pinned, draft, leaf_id, created, updated");

Conversation fromRow(const Statement& row) {
  Conversation c;
  c.id = row.integer(0);
  c.title = row.text(1);
  c.folder = row.integer(2);
  c.pinned = row.integer(3) != 0;
  c.draft = row.text(4);
  c.leaf = row.integer(5);
  c.created = timeFrom(row.integer(6));
  c.updated = timeFrom(row.integer(7));
  return c;
}

qint64 now() {
  return QDateTime::currentMSecsSinceEpoch();
}

}  // namespace

Conversation Conversations::insert(const QString& title, FolderId folder) {
  Statement insert(connection_,
                   QStringLiteral("INSERT INTO conversations(title, folder_id, created, updated) VALUES (?, ?, ?, ?)"));
  const qint64 time = now();
  if (!insert.bind(title, nullIfZero(folder), time, time).run()) return {};
  return get(insert.insertedId());
}

Conversation Conversations::get(ConversationId id) {
  Statement select(connection_,
                   QStringLiteral("SELECT %1 FROM conversations WHERE id = ? AND removed IS NULL").arg(kColumns));
  select.bind(id);
  if (select.next()) return fromRow(select);
  connection_.fail(QCoreApplication::translate("Store", "This chat is no longer there."));
  return {};
}

QList<Conversation> Conversations::all() {
  QList<Conversation> result;
  Statement select(connection_,
                   QStringLiteral("SELECT %1 FROM conversations WHERE removed IS NULL ORDER BY updated DESC, id DESC")
                       .arg(kColumns));
  while (select.next()) result.append(fromRow(select));
  return result;
}

void Conversations::setTitle(ConversationId id, const QString& title) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET title = ? WHERE id = ?")).bind(title, id).run();
}

void Conversations::setPinned(ConversationId id, bool pinned) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET pinned = ? WHERE id = ?")).bind(pinned, id).run();
}

void Conversations::setDraft(ConversationId id, const QString& draft) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET draft = ? WHERE id = ?")).bind(draft, id).run();
}

void Conversations::setFolder(ConversationId id, FolderId folder) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET folder_id = ? WHERE id = ?"))
      .bind(nullIfZero(folder), id)
      .run();
}

void Conversations::setLeaf(ConversationId id, MessageId leaf) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET leaf_id = ? WHERE id = ?"))
      .bind(nullIfZero(leaf), id)
      .run();
}

void Conversations::touch(ConversationId id) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET updated = ? WHERE id = ?")).bind(now(), id).run();
}

void Conversations::setRemoved(ConversationId id, bool removed) {
  Statement(connection_, QStringLiteral("UPDATE conversations SET removed = ? WHERE id = ?"))
      .bind(nullIfZero(removed ? now() : 0), id)
      .run();
}

void Conversations::purgeRemoved() {
  // Messages by themselves first: their tree may be deeper than SQLite lets a cascade go.
  connection_.execute(QStringLiteral(
      "DELETE FROM messages WHERE conversation_id IN (SELECT id FROM conversations WHERE removed IS NOT NULL)"));
  connection_.execute(QStringLiteral("DELETE FROM conversations WHERE removed IS NOT NULL"));
}

QList<Folder> Conversations::folders() {
  QList<Folder> result;
  Statement select(connection_, QStringLiteral("SELECT id, name FROM folders ORDER BY position, name, id"));
  while (select.next()) result.append({select.integer(0), select.text(1)});
  return result;
}

Folder Conversations::insertFolder(const QString& name) {
  Statement insert(connection_, QStringLiteral("INSERT INTO folders(name, created) VALUES (?, ?)"));
  if (!insert.bind(name, now()).run()) return {};
  return {insert.insertedId(), name};
}

void Conversations::renameFolder(FolderId id, const QString& name) {
  Statement(connection_, QStringLiteral("UPDATE folders SET name = ? WHERE id = ?")).bind(name, id).run();
}

void Conversations::removeFolder(FolderId id) {
  Statement(connection_, QStringLiteral("DELETE FROM folders WHERE id = ?")).bind(id).run();
}

}  // namespace hadal
