#pragma once

#include <QPainter>

#include "ui/theme/theme.h"

namespace hadal::ui {

/// A rounded rectangle whose 1 px outline lies inside `rect` on whole pixels.
void drawCard(QPainter& painter, const QRectF& rect, qreal corner, const QColor& fill, const QColor& outline = {},
              qreal width = 1);
/// The ring that keyboard focus gets, inside `rect`.
void drawFocusRing(QPainter& painter, const QRectF& rect, qreal corner);
void drawIcon(QPainter& painter, const QRect& rect, const QString& name, Role role, int side);
/// One line, cut with an ellipsis at the right, vertically centred.
void drawLine(QPainter& painter, const QRect& rect, const QString& text, const QFont& font, const QColor& colour,
              Qt::Alignment align = Qt::AlignLeft);

}  // namespace hadal::ui
