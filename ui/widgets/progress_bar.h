#pragma once

#include <QWidget>

#include "ui/theme/theme.h"

namespace hadal::ui {

/// A thin bar: accent on its track.
class ProgressBar : public QWidget {
  Q_OBJECT
 public:
  explicit ProgressBar(int width, int height, QWidget* parent = nullptr);
  void setValue(double share);  ///< 0 to 1.
  void setRole(Role role);
  double value() const { return value_; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  double value_ = 0;
  Role role_ = Role::Accent;
};

}  // namespace hadal::ui
