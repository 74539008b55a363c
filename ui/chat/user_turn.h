#pragma once

#include "ui/chat/turn.h"

namespace hadal::ui {

class Button;
class GrowingEdit;

/// What the person said, on a raised surface; in place it can be put in another wording.
class UserTurn : public Turn {
  Q_OBJECT
 public:
  explicit UserTurn(const Message& message, QWidget* parent = nullptr);

  int lay(int column) override;
  void setMessage(const Message& message) override;
  int setNeedle(const QString& needle) override;
  void clearSelection() override;
  bool hasSelection() const override;
  void startEditing();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void stopEditing();
  void submit();

  MarkdownView* text_;
  BranchSwitch* branch_;
  GrowingEdit* edit_ = nullptr;
  Button* ask_ = nullptr;
  Button* cancel_ = nullptr;
  QRect card_;
};

}  // namespace hadal::ui
