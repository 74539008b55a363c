#pragma once

#include <QWidget>

#include "app/inference/inference_service.h"

namespace hadal::ui {

class Button;
class Notice;
class NoticeStack;
class Pressable;
class TextLabel;

/// What a chat shows before its first question: what can be asked, or how to get a model.
class EmptyState : public QWidget {
  Q_OBJECT
 public:
  explicit EmptyState(QWidget* parent = nullptr);
  void setModel(const ModelStatus& status);

 Q_SIGNALS:
  void exampleChosen(const QString& text);
  void modelWanted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void place();

  TextLabel* title_;
  TextLabel* lead_;
  QList<Pressable*> cards_;
  NoticeStack* notices_;
  ModelStatus status_;
};

}  // namespace hadal::ui
