#pragma once

#include <QKeyEvent>

namespace hadal::ui {

/// For an event filter: whether Esc was pressed in the watched widget. Keeps the key from the shortcut of the same
/// name, so that what is open closes and the answer behind it goes on.
inline bool takesEscape(QEvent* event) {
  const bool offered = event->type() == QEvent::ShortcutOverride;
  if (!offered && event->type() != QEvent::KeyPress) return false;
  if (static_cast<QKeyEvent*>(event)->key() != Qt::Key_Escape) return false;
  if (offered) event->accept();
  return !offered;
}

}  // namespace hadal::ui
