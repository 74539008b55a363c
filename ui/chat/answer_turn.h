#pragma once

#include "ui/chat/turn.h"

namespace hadal::ui {

class Button;
class ElidedLabel;
class Notice;
class Thoughts;

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
  /// More of what the model thinks, and for how long it has by now.
  void appendThinking(const QString& text, double seconds);
  void setThoughtsOpen(bool open);
  /// Tokens of the prompt read so far; shown until the first word comes.
  void setPromptProgress(int done, int total);
  /// The model is not there yet.
  void setWaiting(bool waiting);
  /// Where an answer failed for want of context, what is offered depends on it.
  void setContextRoom(const ContextRoom& room);

 Q_SIGNALS:
  void thoughtsFolded(hadal::MessageId message, bool open);

 protected:
  void changeEvent(QEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  void buildActions();
  void buildThoughts();
  void retranslate();
  void showState();
  void makeNotice();
  void offer(const QString& label, TurnAction action);
  void offerContext();
  QString figuresText() const;
  QString waitingText() const;
  void copyAll();

  CodeColours* colours_;
  Thoughts* thoughts_;
  MarkdownView* body_;
  Notice* notice_ = nullptr;
  ElidedLabel* wait_;
  IconButton* copy_;
  IconButton* regenerate_;
  IconButton* edit_;
  BranchSwitch* branch_;
  ElidedLabel* figures_;
  int promptDone_ = 0, promptTotal_ = 0;
  bool waiting_ = false;
  ContextRoom room_;
};

}  // namespace hadal::ui
