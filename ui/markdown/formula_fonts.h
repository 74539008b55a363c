#pragma once

#include "ui/markdown/formula_layout.h"

namespace hadal::ui {

/// The faces of formulas: a mathematical font where there is one, else the serif. All sizes in px.
class FormulaFonts {
 public:
  explicit FormulaFonts(int pixels);

  qreal em(int style) const;    ///< style: 0 display, 1 text, 2 script, 3 script of a script.
  qreal axis(int style) const;  ///< Of fractions and delimiters, above the baseline.
  qreal rule(int style) const;
  /// One character or a few in a face; the ink decides about height and depth, the advance about the width.
  FormulaBox glyph(const QString& text, MathFace face, int style, qreal scale = 1) const;
  /// Words: upright in the text's own face, spaces kept.
  FormulaBox word(const QString& text, MathFace face, int style) const;
  /// A delimiter at least `height` tall, centred on the axis.
  FormulaBox delimiter(const QString& text, qreal height, int style) const;
  /// The root's sign for a radicand of this height and depth, without the line over it.
  FormulaBox rootSign(qreal height, int style) const;

 private:
  QFont font(MathFace face, int style, qreal scale = 1) const;
  FormulaBox drawn(const QString& text, const QFont& font) const;
  FormulaBox stretched(const QString& text, qreal height, int style) const;

  int pixels_;
  QString family_;
  bool alphabets_ = false;  ///< It has the mathematical letters.
};

}  // namespace hadal::ui
