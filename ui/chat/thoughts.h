#pragma once

#include <QWidget>

#include "app/chat/chat_types.h"

namespace hadal::ui {

class Button;
class MarkdownView;

/// What the model thought before it answered: one line that says for how long, and folds and unfolds the text. While it
/// thinks, the seconds run, and "Answer now" ends it. What comes while it is folded costs nothing but memory.
class Thoughts : public QWidget {
  Q_OBJECT
 public:
  explicit Thoughts(QWidget* parent = nullptr);

  /// Takes text, seconds and state from the message.
  void setMessage(const Message& message);
  void append(const QString& text);
  /// So long it has thought by now; `thinking`: it still does.
  void setTime(double seconds, bool thinking);
  void setOpen(bool open);
  bool isOpen() const { return open_; }
  /// Lays out for a column's width and returns the height.
  int lay(int column);
  void clearSelection();
  bool hasSelection() const;

 Q_SIGNALS:
  void heightChanged();
  void folded(bool open);
  void answerWanted();
  void selectionStarted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  QString label() const;
  void showText();

  Button* fold_;
  Button* answer_;
  MarkdownView* text_;
  QString all_;
  int seconds_ = 0;
  bool thinking_ = false;
  bool open_ = false;
  bool wanted_ = false;  ///< "Answer now" was pressed.
};

}  // namespace hadal::ui
