#pragma once

#include <QWidget>

namespace hadal::ui {

class ElidedLabel;
class IconButton;

/// Title of the open conversation, find, and what else can be done with it.
class ChatHeader : public QWidget {
  Q_OBJECT
 public:
  explicit ChatHeader(QWidget* parent = nullptr);
  void setTitle(const QString& title, bool kept);
  void setListHidden(bool hidden);

 Q_SIGNALS:
  void findWanted();
  void menuWanted(const QPoint& global);
  void listWanted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  ElidedLabel* title_;
  IconButton* list_;
  IconButton* find_;
  IconButton* more_;
};

}  // namespace hadal::ui
