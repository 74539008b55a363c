#include "ui/widgets/text_field.h"

#include <QEvent>

#include "ui/theme/paint.h"
#include "ui/widgets/text_menu.h"

namespace hadal::ui {

TextField::TextField(QWidget* parent) : QPlainTextEdit(parent) {
  setFrameShape(QFrame::StyledPanel);
  setProperty("field", true);
  setFont(typeface(Type::Body));
  setTabChangesFocus(true);
  setViewportMargins(8, 6, 4, 6);
  document()->setDocumentMargin(0);
  viewport()->setAutoFillBackground(false);
}

void TextField::setText(const QString& text) {
  if (toPlainText() != text) setPlainText(text);
}

void TextField::focusInEvent(QFocusEvent* event) {
  QPlainTextEdit::focusInEvent(event);
  update();
}

void TextField::focusOutEvent(QFocusEvent* event) {
  QPlainTextEdit::focusOutEvent(event);
  update();
  Q_EMIT edited(toPlainText());
}

void TextField::contextMenuEvent(QContextMenuEvent* event) {
  showTextMenu(*this, event->globalPos());
}

bool IgnoreWheel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::Wheel) return QObject::eventFilter(watched, event);
  event->ignore();
  return true;
}

}  // namespace hadal::ui
