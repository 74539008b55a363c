#include "ui/chat/turn.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"

namespace hadal::ui {

BranchSwitch::BranchSwitch(QWidget* parent) : QWidget(parent) {
  back_ = new IconButton(QStringLiteral("chevron-left"), {}, this, 24);
  on_ = new IconButton(QStringLiteral("chevron-right"), {}, this, 24);
  connect(back_, &IconButton::clicked, this, [this] { Q_EMIT stepped(-1); });
  connect(on_, &IconButton::clicked, this, [this] { Q_EMIT stepped(1); });
  retranslate();
}

void BranchSwitch::retranslate() {
  back_->setLabel(tr("Previous version"));
  on_->setLabel(tr("Next version"));
  setAccessibleName(tr("Version %1 of %2").arg(branch_).arg(branches_));
}

QString BranchSwitch::label() const {
  return QStringLiteral("%1 / %2").arg(branch_).arg(branches_);
}

void BranchSwitch::setPlace(int branch, int branches) {
  branch_ = branch;
  branches_ = branches;
  back_->setEnabled(branch > 1);
  on_->setEnabled(branch < branches);
  setVisible(branches > 1);
  retranslate();
  resize(sizeHint());
  update();
}

QSize BranchSwitch::sizeHint() const {
  return {48 + 8 + QFontMetrics(figures(Type::Caption)).horizontalAdvance(label()), 28};
}

void BranchSwitch::resizeEvent(QResizeEvent*) {
  back_->move(0, 2);
  on_->move(width() - 24, 2);
}

void BranchSwitch::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  drawLine(painter, rect(), label(), figures(Type::Caption), colour(Role::TextMuted), Qt::AlignHCenter);
}

void BranchSwitch::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

}  // namespace hadal::ui
