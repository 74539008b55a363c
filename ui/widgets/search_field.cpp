#include "ui/widgets/search_field.h"

#include <QKeyEvent>

#include "ui/theme/paint.h"

namespace hadal::ui {

SearchField::SearchField(QWidget* parent) : QLineEdit(parent) {
  setFont(typeface(Type::Body));
  setFixedHeight(size::field);
  setTextMargins(22, 0, 0, 0);
  connect(this, &QLineEdit::textChanged, this,
          [this](const QString& text) { setTextMargins(22, 0, text.isEmpty() ? 0 : 18, 0); });
  setMouseTracking(true);
}

QSize SearchField::sizeHint() const {
  return {160, size::field};
}

QSize SearchField::minimumSizeHint() const {
  return {80, size::field};
}

QRect SearchField::crossRect() const {
  return {width() - 24, 0, 20, height()};
}

void SearchField::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  QPainter painter(this);
  drawIcon(painter, QRect(8, 0, size::iconSmall, height()), QStringLiteral("search"), Role::TextMuted, size::iconSmall);
  if (!text().isEmpty()) {
    drawIcon(painter, crossRect(), QStringLiteral("close"), Role::TextMuted, 12);
  }
}

void SearchField::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Down) {
    Q_EMIT leaveDown();
    return;
  }
  if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
    clear();
    return;
  }
  QLineEdit::keyPressEvent(event);
}

void SearchField::mousePressEvent(QMouseEvent* event) {
  if (!text().isEmpty() && crossRect().contains(event->pos())) {
    clear();
    return;
  }
  QLineEdit::mousePressEvent(event);
}

void SearchField::mouseMoveEvent(QMouseEvent* event) {
  QLineEdit::mouseMoveEvent(event);
  setCursor(!text().isEmpty() && crossRect().contains(event->pos()) ? Qt::ArrowCursor : Qt::IBeamCursor);
}

}  // namespace hadal::ui
