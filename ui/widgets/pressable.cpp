#include "ui/widgets/pressable.h"

#include <QKeyEvent>

namespace hadal::ui {

Pressable::Pressable(QWidget* parent) : QAbstractButton(parent) {
  setFocusPolicy(Qt::TabFocus);
  setCursor(Qt::ArrowCursor);
  setAttribute(Qt::WA_Hover);
}

void Pressable::setIconName(const QString& name) {
  if (icon_ == name) return;
  icon_ = name;
  updateGeometry();
  update();
}

QColor Pressable::ghostGround() const {
  if (!isEnabled()) return {};
  if (isDown()) return colour(Role::Pressed);
  if (isChecked()) return colour(Role::AccentSoft);
  return isHot() ? colour(Role::Hover) : QColor();
}

Role Pressable::ghostInk() const {
  if (!isEnabled()) return Role::TextDisabled;
  if (isChecked()) return Role::Accent;
  return isHot() || isDown() ? Role::Text : Role::TextMuted;
}

void Pressable::focusInEvent(QFocusEvent* event) {
  ring_ = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason ||
          event->reason() == Qt::ShortcutFocusReason;
  QAbstractButton::focusInEvent(event);
  update();
}

void Pressable::focusOutEvent(QFocusEvent* event) {
  QAbstractButton::focusOutEvent(event);
  update();
}

void Pressable::keyPressEvent(QKeyEvent* event) {
  if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && isEnabled()) {
    click();
    return;
  }
  QAbstractButton::keyPressEvent(event);
}

void Pressable::changeEvent(QEvent* event) {
  QAbstractButton::changeEvent(event);
  if (event->type() == QEvent::EnabledChange || event->type() == QEvent::PaletteChange) update();
}

}  // namespace hadal::ui
