#include "ui/theme/paint.h"

#include <QFontMetrics>

namespace hadal::ui {

void drawCard(QPainter& painter, const QRectF& rect, qreal corner, const QColor& fill, const QColor& outline,
              qreal width) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
  if (outline.isValid()) {
    painter.setPen(QPen(outline, width));
    const qreal inset = width / 2;
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), corner - inset, corner - inset);
  } else {
    painter.setPen(Qt::NoPen);
    painter.drawRoundedRect(rect, corner, corner);
  }
  painter.restore();
}

void drawFocusRing(QPainter& painter, const QRectF& rect, qreal corner) {
  drawCard(painter, rect, corner, {}, colour(Role::Accent), 2);
}

void drawIcon(QPainter& painter, const QRect& rect, const QString& name, Role role, int side) {
  const QPixmap image = theme().icon(name, role, side, painter.device()->devicePixelRatio());
  painter.drawPixmap(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, image);
}

void drawLine(QPainter& painter, const QRect& rect, const QString& text, const QFont& font, const QColor& colour,
              Qt::Alignment align) {
  const QFontMetrics metrics(font);
  painter.setFont(font);
  painter.setPen(colour);
  painter.drawText(rect, static_cast<int>(align | Qt::AlignVCenter | Qt::TextSingleLine),
                   metrics.elidedText(text, Qt::ElideRight, rect.width()));
}

}  // namespace hadal::ui
