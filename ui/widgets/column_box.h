#pragma once

#include <QBoxLayout>
#include <QWidget>

#include "ui/theme/metrics.h"

namespace hadal::ui {

/// Stacks widgets in the middle column that answers have as well.
class ColumnBox : public QWidget {
  Q_OBJECT
 public:
  ColumnBox(int top, int bottom, QWidget* parent = nullptr)
      : QWidget(parent), box_(new QVBoxLayout(this)), top_(top), bottom_(bottom) {
    box_->setSpacing(space::s);
    place();
  }
  QVBoxLayout& box() { return *box_; }

 protected:
  void resizeEvent(QResizeEvent* event) override {
    QWidget::resizeEvent(event);
    place();
  }

 private:
  void place() {
    const int column = qMin(size::column, width() - 2 * size::columnMargin);
    const int left = qMax(size::columnMargin, (width() - column) / 2);
    box_->setContentsMargins(left, top_, qMax(size::columnMargin, width() - column - left), bottom_);
  }

  QVBoxLayout* box_;
  int top_, bottom_;
};

}  // namespace hadal::ui
