#pragma once

#include <QLineEdit>

namespace hadal::ui {

/// A line with a magnifying glass at its left and, while it holds text, a cross at its right.
class SearchField : public QLineEdit {
  Q_OBJECT
 public:
  explicit SearchField(QWidget* parent = nullptr);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  /// Up, Down: the keyboard goes on to the results.
  void leaveDown();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  QRect crossRect() const;
};

}  // namespace hadal::ui
