#pragma once

#include <QLineEdit>
#include <QPlainTextEdit>

namespace hadal::ui {

/// Our context menu for fields that hold text: Undo, Redo, Cut, Copy, Paste, Select all.
void showTextMenu(QPlainTextEdit& edit, const QPoint& global);

}  // namespace hadal::ui
