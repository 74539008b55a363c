#pragma once

#include <QWidget>

#include "app/inference/expert_use.h"

namespace hadal::ui {

/// A row for each layer with experts, a square for each expert; the more tokens chose it, the fuller its colour. The
/// square under the pointer, or the one the arrow keys lead to, is the current one.
class HeatMap : public QWidget {
  Q_OBJECT
 public:
  explicit HeatMap(QWidget* parent = nullptr);

  void setUse(const ExpertUse& use);
  /// What the fullest colour stands for: a share, in multiples of the mean.
  double top() const { return top_; }
  QSize sizeHint() const override { return {600, height()}; }
  /// Of one square; for tests and for describing it.
  QRect cell(qsizetype layer, int expert) const;
  /// From no use at all, 0, to `top()`, 1.
  static QColor shade(double part);

 Q_SIGNALS:
  /// -1, -1: none.
  void currentChanged(qsizetype layer, int expert);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  /// As high as its rows are at this width.
  void fit();
  int labelWidth() const;
  double cellWidth(int width) const;
  int cellHeight(int width) const;
  void setCurrent(qsizetype layer, int expert);

  ExpertUse use_;
  double top_ = 0;
  qsizetype layer_ = -1;
  int expert_ = -1;
};

/// The colours of a heat map from none to the most.
class HeatScale : public QWidget {
 public:
  explicit HeatScale(QWidget* parent = nullptr);
  QSize sizeHint() const override { return {96, 10}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace hadal::ui
