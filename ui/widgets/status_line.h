#pragma once

#include <QWidget>

#include "app/inference/inference_service.h"
#include "ui/theme/theme.h"

namespace hadal::ui {

/// "Chat template: the model's own".
QString templateText(const TemplateStatus& status);
/// On how many threads it computes, where that was measured; otherwise empty.
QString threadsText(const ModelStatus& status);

/// The window's foot: model, device, context used and total, speed, memory; work in the background at the right.
class StatusLine : public QWidget {
  Q_OBJECT
 public:
  explicit StatusLine(QWidget* parent = nullptr);

  void setModel(const ModelStatus& status);
  /// -1: not known.
  void setContext(int used, int total);
  /// tok/s; 0: idle.
  void setSpeed(double speed, bool streaming);
  /// Empty label: nothing runs.
  void setWork(const QString& label, double share);

  QSize sizeHint() const override { return {400, size::statusLine}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Field {
    QString text;
    Role role;
    int dropOrder;  ///< Highest goes first when there is no room; 0 stays.
  };
  QList<Field> fields() const;
  static QString deviceText(const QString& device);
  void describe();

  ModelStatus model_;
  int used_ = -1, total_ = 0;
  double speed_ = 0;
  bool streaming_ = false;
  QString work_;
  double share_ = 0;
};

/// "3.1k", "32k", "812": tokens for a meter.
QString shortCount(int tokens);
/// "98 MB", "1.2 GB".
QString byteCount(quint64 bytes);

}  // namespace hadal::ui
