#pragma once

#include <QFont>
#include <QPainter>
#include <QPainterPath>

#include "ui/markdown/formula.h"

namespace hadal::ui {

/// A formula laid out: what to draw, relative to the left end of its baseline, y downwards, px.
struct FormulaBox {
  struct Glyph {
    QPointF at;
    QString text;
    QFont font;
    bool unknown = false;  ///< A command nobody knows.
  };
  qreal width = 0, ascent = 0, descent = 0;
  QList<Glyph> glyphs;
  QList<QRectF> rules;
  QList<QPainterPath> paths;  ///< Filled: delimiters and roots that had to grow.

  qreal height() const { return ascent + descent; }
  /// Takes `box` over with its baseline's left end at (x, y).
  void add(const FormulaBox& box, qreal x, qreal y);
  void paint(QPainter& painter, const QPointF& baseline, const QColor& ink, const QColor& unknownInk) const;
};

/// The rules of The TeXbook's appendix G with the parameters of a usual text face, in units of `pixels`, the size of
/// the text around it. `display`: as in a line of its own.
FormulaBox layFormula(const FormulaNode& formula, int pixels, bool display);

}  // namespace hadal::ui
