#pragma once

#include "ui/chat/turn.h"

namespace hadal::ui {

class Button;
class ElidedLabel;
class Notice;

/// An answer: reasoning that folds, the text, its state if it is not whole, and what can be done with it.
class AnswerTurn : public Turn {
  Q_OBJECT
 public:
  AnswerTurn(const Message& message, CodeColours* colours, QWidget* parent = nullptr);

  int lay(int column) override;
  void setMessage(const Message& message) override;
  int setNeedle(const QString& needle) override;
  void clearSelection() override;
  bool hasSelection() const override;

  void append(const QString& text);
  /// Tokens of the prompt read so far; shown until the first word comes.
  void setPromptProgress(int done, int total);
  /// The model is not there yet.
  void setWaiting(bool waiting);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  void buildActions();
  void retranslate();
  void showState();
  void makeNotice();
  QString figuresText() const;
  QString waitingText() const;
  void copyAll();

  CodeColours* colours_;
  Button* fold_ = nullptr;
  MarkdownView* thinking_ = nullptr;
  MarkdownView* body_;
  Notice* notice_ = nullptr;
  ElidedLabel* wait_;
  IconButton* copy_;
  IconButton* regenerate_;
  IconButton* edit_;
  BranchSwitch* branch_;
  ElidedLabel* figures_;
  QRect rule_;  ///< Beside the reasoning.
  int promptDone_ = 0, promptTotal_ = 0;
  bool waiting_ = false;
  bool open_ = false;  ///< Whether the reasoning is unfolded.
};

}  // namespace hadal::ui
