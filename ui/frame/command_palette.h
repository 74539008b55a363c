#pragma once

#include <QListView>
#include <QStandardItemModel>

#include "app/chat/chat_types.h"

namespace hadal::ui {

class Actions;

/// Ctrl+K: every action of the program and the recent chats, by typing a few letters. Lies over the whole window.
class CommandPalette : public QWidget {
  Q_OBJECT
 public:
  CommandPalette(Actions& actions, QWidget* window);
  void open(const QList<Conversation>& chats);

 Q_SIGNALS:
  void conversationChosen(hadal::ConversationId id);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Entry {
    QString text, hint, icon;
    QAction* action = nullptr;
    ConversationId chat = 0;
  };
  void fill();
  void addGroup(const QString& heading, const QList<Entry>& entries);
  void place();
  void run(const QModelIndex& index);
  void step(int direction);
  void dismiss();
  QRect box() const;

  Actions& actions_;
  QLineEdit* input_;
  QListView* list_;
  QStandardItemModel* model_;
  QList<Conversation> chats_;
  QPointer<QWidget> focusBefore_;
};

}  // namespace hadal::ui
