#pragma once

#include <QListView>
#include <QMenu>
#include <QTimer>

#include "ui/chat/conversation_model.h"

namespace hadal::ui {

class Button;
class ConversationDelegate;
class SearchField;

/// The chat pane's left side: search, New chat, the list.
class ConversationPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ConversationPanel(ChatService& chat, QWidget* parent = nullptr);

  ConversationModel& model() { return *model_; }
  void reload();
  void setOpen(ConversationId id);
  void focusSearch();
  void rename(ConversationId id);

 Q_SIGNALS:
  void newChatWanted();
  void openWanted(hadal::ConversationId id, hadal::MessageId message);
  void renamed(hadal::ConversationId id, const QString& before);
  void deleteWanted(hadal::ConversationId id);
  void newDraftFound(const QString& draft);
  void failed(const QString& sentence);
  /// The list could not be read.
  void unreadable(const QString& sentence);
  void listed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void retranslate();
  void fitButton();
  void search();
  void showMenu(const QModelIndex& index, const QPoint& global);
  void showFolderMenu(const QModelIndex& index, const QPoint& global);
  void addFolderMenu(QMenu& menu, ConversationId id);
  void moveTo(ConversationId id, FolderId folder);
  void renameFolder(FolderId folder);
  void activate(const QModelIndex& index);
  bool listKey(QKeyEvent* event);
  void step(int direction);
  void keepPlace();

  ChatService& chat_;
  ConversationModel* model_;
  ConversationDelegate* delegate_;
  SearchField* search_;
  Button* newChat_;
  QListView* list_;
  QTimer searchLater_;
  ConversationId open_ = 0;
  ConversationId current_ = 0;  ///< Before the rows changed ...
  int currentRow_ = -1;         ///< ... and where it stood.
  FolderId folderToName_ = 0;
};

}  // namespace hadal::ui
