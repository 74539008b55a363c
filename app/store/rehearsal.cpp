#include "app/store/rehearsal.h"

#include <QCoreApplication>

#include "app/store/connection.h"
#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "app/store/search.h"
#include "app/store/settings_rows.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Store)
};

const QString kText = QStringLiteral("rehearsal 彩排一次");

Message play(Connection& connection, ConversationId conversation, MessageId parent, MessageRole role,
             MessageState end) {
  Messages messages(connection);
  Message message;
  message.conversation = conversation;
  message.parent = parent;
  message.role = role;
  message.state = MessageState::Streaming;
  message = messages.insert(message);
  messages.setContent(message.id, kText, kText);
  message.content = kText;
  message.state = end;
  messages.finish(message);
  // Once more: the index follows changes of what is complete.
  messages.setContent(message.id, kText, {});
  return message;
}

void playAll(Connection& connection) {
  Conversations conversations(connection);
  const Folder folder = conversations.insertFolder(kText);
  const ConversationId id = conversations.insert(kText, folder.id).id;
  MessageId leaf = play(connection, id, 0, MessageRole::System, MessageState::Done).id;
  leaf = play(connection, id, leaf, MessageRole::User, MessageState::Done).id;
  for (const MessageState end :
       {MessageState::Stopped, MessageState::Failed, MessageState::Interrupted, MessageState::Done}) {
    play(connection, id, leaf, MessageRole::Assistant, end);
  }
  conversations.setLeaf(id, leaf);
  conversations.setDraft(id, kText);
  conversations.setPinned(id, true);
  conversations.setTitle(id, kText + kText);
  conversations.touch(id);
  SettingsRows(connection).set(kText, 1);
  SettingsRows(connection).remember(kText, kText);
  Statement(connection, QStringLiteral("INSERT INTO attachments(message_id, name, mime_type, sha256, bytes, created) "
                                       "VALUES (?, 'a', 'b', 'c', x'00', 1)"))
      .bind(leaf)
      .run();
  connection.execute(QStringLiteral("INSERT INTO adapters(name, file, base_model, created) VALUES ('a', 'b', 'c', 1)"));

  const bool found = Search(connection).find(kText).size() >= 7;  // The title and six messages.
  const bool whole = Messages(connection).branch(id, leaf).size() == 2 && conversations.get(id).draft == kText;
  conversations.setRemoved(id, true);
  conversations.purgeRemoved();
  conversations.removeFolder(folder.id);
  if (!found || !whole)
    connection.fail(Sentences::tr("The database does not keep what is written to it."), Connection::kDamaged);
}

}  // namespace

QString rehearse(Connection& connection) {
  connection.begin(true);
  playAll(connection);
  const QString complaint = connection.error();
  connection.rollback();
  return complaint;
}

}  // namespace hadal
