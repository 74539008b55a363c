#include "ui/widgets/text_menu.h"

#include <QCoreApplication>
#include <QMenu>

namespace hadal::ui {

namespace {

QString text(const char* source) {
  return QCoreApplication::translate("TextMenu", source);
}

}  // namespace

void showTextMenu(QPlainTextEdit& edit, const QPoint& global) {
  auto* menu = new QMenu(&edit);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const bool selected = edit.textCursor().hasSelection();
  const auto add = [&](const QString& label, QKeySequence::StandardKey key, bool enabled, auto slot) {
    QAction* action = menu->addAction(label, &edit, slot);
    action->setShortcut(key);
    action->setEnabled(enabled);
  };
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Undo")), QKeySequence::Undo, edit.document()->isUndoAvailable(),
      &QPlainTextEdit::undo);
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Redo")), QKeySequence::Redo, edit.document()->isRedoAvailable(),
      &QPlainTextEdit::redo);
  menu->addSeparator();
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Cut")), QKeySequence::Cut, selected, &QPlainTextEdit::cut);
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Copy")), QKeySequence::Copy, selected, &QPlainTextEdit::copy);
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Paste")), QKeySequence::Paste, edit.canPaste(), &QPlainTextEdit::paste);
  menu->addSeparator();
  add(text(QT_TRANSLATE_NOOP("TextMenu", "Select all")), QKeySequence::SelectAll, !edit.document()->isEmpty(),
      &QPlainTextEdit::selectAll);
  menu->popup(global);
}

}  // namespace hadal::ui
