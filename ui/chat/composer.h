#pragma once

#include <QPlainTextEdit>
#include <QWidget>

#include "app/inference/inference_service.h"

namespace hadal::ui {

class Button;
class Chip;
class ElidedLabel;
class ProgressBar;

/// Grows with its text from one line to ten.
class GrowingEdit : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit GrowingEdit(QWidget* parent = nullptr);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {80, sizeHint().height()}; }

 Q_SIGNALS:
  void submitted();
  void focusChanged();
  void upAtStart();
  /// Undo was pressed where there is nothing to undo in the text.
  void undoWanted();
  /// Page up or down: of the conversation, which is what is read while the question is typed.
  void paged(int direction);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void insertFromMimeData(const QMimeData* source) override;
  bool canInsertFromMimeData(const QMimeData* source) const override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void grow();
  int lines_ = 1;
};

/// The question, the model that will answer it, how full the context is, and Send or Stop.
class Composer : public QWidget {
  Q_OBJECT
 public:
  explicit Composer(QWidget* parent = nullptr);

  QString text() const;
  void setText(const QString& text);
  void setAnswering(bool answering);
  void setModel(const ModelStatus& status);
  /// -1: not known.
  void setContext(int used, int total);
  /// Nothing can be sent: no model, or a database that cannot be opened; `why` is the tool tip of Send.
  void setSendingPossible(bool possible, const QString& placeholder, const QString& why = {});
  GrowingEdit* edit() { return edit_; }

 Q_SIGNALS:
  void sent(const QString& text);
  void stopWanted();
  void textChanged();
  void modelMenuWanted(const QPoint& global);
  void editLastWanted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void retranslate();
  void refresh();
  void submit();

  GrowingEdit* edit_;
  Chip* model_;
  ProgressBar* meter_;
  ElidedLabel* count_;
  Button* send_;
  Button* stop_;
  ModelStatus status_;
  QString placeholder_;
  int used_ = -1, total_ = 0;
  bool possible_ = true;
  bool answering_ = false;
};

}  // namespace hadal::ui
