#include "ui/widgets/progress_bar.h"

#include "ui/theme/paint.h"

namespace hadal::ui {

ProgressBar::ProgressBar(int width, int height, QWidget* parent) : QWidget(parent) {
  setFixedSize(width, height);
}

void ProgressBar::setValue(double share) {
  value_ = qBound(0.0, share, 1.0);
  update();
}

void ProgressBar::setRole(Role role) {
  role_ = role;
  update();
}

void ProgressBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const qreal corner = height() / 2.0;
  drawCard(painter, rect(), corner, colour(Role::AccentTrack));
  if (value_ <= 0) return;
  // Never narrower than its own round ends, so that a little is seen as a little.
  const qreal filled = qMax<qreal>(height(), width() * value_);
  drawCard(painter, QRectF(0, 0, filled, height()), corner, colour(role_));
}

}  // namespace hadal::ui
