#pragma once

#include <QAbstractListModel>
#include <functional>

#include "app/chat/chat_service.h"

namespace hadal::ui {

/// The side list: group heads and conversations, pinned first, then folders, then by day. Or, while something is
/// searched for, what was found.
class ConversationModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Roles { IsGroupRole = Qt::UserRole, IdRole, MessageRole, TimeRole, SnippetRole, PinnedRole, FolderRole };

  using QAbstractListModel::QAbstractListModel;

  void setAll(ConversationList list);
  void upsert(const Conversation& conversation);
  void remove(ConversationId id);
  /// Titles that contain `text` at once; hits of the full-text search are added by setHits. Empty: everything.
  void setFilter(const QString& text);
  void setHits(const QList<SearchHit>& hits);

  const Conversation* find(ConversationId id) const;
  QModelIndex indexOf(ConversationId id) const;
  QModelIndex indexOfFolder(FolderId id) const;
  const QList<Folder>& folders() const { return all_.folders; }
  const QList<Conversation>& conversations() const { return all_.conversations; }
  /// What day it is. The list asks when it is built; a test or a picture answers with a day of its own.
  void setClock(std::function<QDate()> today) {
    today_ = std::move(today);
    rebuild();
  }
  /// Headings and times in the language of now.
  void retranslate() { rebuild(); }

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 Q_SIGNALS:
  void renamed(hadal::ConversationId id, const QString& title);
  void folderRenamed(hadal::FolderId id, const QString& name);

 private:
  struct Row {
    bool group = false;
    QString text;
    Conversation conversation;
    hadal::MessageId message = 0;
    QString snippet;
    FolderId folder = 0;  ///< Of a group head that stands for one.
  };
  void rebuild();
  void addGrouped();
  void addFound();

  ConversationList all_;
  QList<SearchHit> hits_;
  QString filter_;
  QList<Row> rows_;
  std::function<QDate()> today_ = [] { return QDate::currentDate(); };
};

}  // namespace hadal::ui
