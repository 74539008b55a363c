#include "ui/markdown/formula_fonts.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetricsF>
#include <cmath>

#include "ui/markdown/formula_symbols.h"
#include "ui/theme/fonts.h"

namespace hadal::ui {

namespace {

// The first that is there. Whatever it lacks comes from where the system finds it.
QString mathFamily() {
  const QStringList there = QFontDatabase::families();
  for (const auto* family : {"Latin Modern Math", "STIX Two Math", "NewComputerModernMath", "TeX Gyre Termes Math",
                             "Libertinus Math", "Cambria Math", "DejaVu Math TeX Gyre", "DejaVu Serif"}) {
    if (there.contains(QLatin1String(family))) return QLatin1String(family);
  }
  return QFont(QStringLiteral("serif")).family();
}

// Mathematical faces are drawn smaller than a sans serif of the same size.
constexpr qreal enlarged = 1.12;

}  // namespace

FormulaFonts::FormulaFonts(int pixels) : pixels_(pixels), family_(mathFamily()) {
  alphabets_ = QFontMetricsF(font(MathFace::Upright, 1)).inFontUcs4(0x1D44E);
}

qreal FormulaFonts::em(int style) const {
  const qreal size = pixels_ * enlarged;
  return style <= 1 ? size : std::max<qreal>(style == 2 ? size * 0.72 : size * 0.58, 7);
}

qreal FormulaFonts::axis(int style) const {
  return em(style) * 0.25;
}

qreal FormulaFonts::rule(int style) const {
  return std::max<qreal>(1, std::round(em(style) * 0.05));
}

QFont FormulaFonts::font(MathFace face, int style, qreal scale) const {
  QFont result;
  result.setFamilies({family_, QStringLiteral("DejaVu Serif"), QStringLiteral("Noto Sans CJK SC")});
  result.setStyleHint(QFont::Serif);
  result.setPixelSize(static_cast<int>(std::lround(em(style) * scale)));
  result.setHintingPreference(QFont::PreferVerticalHinting);
  // Without letters of its own for a face, the ordinary ones in that style.
  if (face == MathFace::Italic || face == MathFace::BoldItalic || face == MathFace::Script) result.setItalic(true);
  if (face == MathFace::Bold || face == MathFace::BoldItalic || face == MathFace::Blackboard) result.setBold(true);
  return result;
}

FormulaBox FormulaFonts::drawn(const QString& text, const QFont& font) const {
  const QFontMetricsF metrics(font);
  const QRectF ink = metrics.tightBoundingRect(text);
  FormulaBox box;
  // A slanted letter may lean over its advance.
  box.width = std::max(metrics.horizontalAdvance(text), ink.right());
  box.ascent = std::max<qreal>(0, -ink.top());
  box.descent = std::max<qreal>(0, ink.bottom());
  box.glyphs << FormulaBox::Glyph{{0, 0}, text, font, false};
  return box;
}

FormulaBox FormulaFonts::glyph(const QString& text, MathFace face, int style, qreal scale) const {
  if (text.isEmpty()) return {};
  QString shown;
  bool special = false;
  for (const char32_t c : text.toUcs4()) {
    const char32_t other = alphabets_ ? inFace(c, face) : 0;
    special = special || other != 0;
    const char32_t taken = other ? other : c;
    shown += QString::fromUcs4(&taken, 1);
  }
  const bool letter = !special && text[0].isLetter() && text[0].unicode() < 0x2000;
  const bool slantable = !alphabets_ && inFace(text.toUcs4().first(), face) != 0;
  return drawn(shown, font(letter && slantable ? face : MathFace::Upright, style, scale));
}

FormulaBox FormulaFonts::word(const QString& text, MathFace face, int style) const {
  const bool mono = face == MathFace::Mono;
  QFont result = typeface(mono ? Type::Code : Type::Body);
  if (face == MathFace::Upright || face == MathFace::Bold || face == MathFace::Italic)
    result = font(MathFace::Upright, style);
  result.setPixelSize(static_cast<int>(std::lround(em(style) * (mono ? 0.88 : 1))));
  result.setItalic(face == MathFace::Italic);
  result.setBold(face == MathFace::Bold);
  return drawn(text, result);
}

// Its outline made taller, no wider: a stroke that goes up keeps its thickness.
FormulaBox FormulaFonts::stretched(const QString& text, qreal height, int style) const {
  QPainterPath outline;
  outline.addText(0, 0, font(MathFace::Upright, style), text);
  const QRectF ink = outline.boundingRect();
  if (ink.height() <= 0) return {};
  QTransform taller;
  taller.translate(-ink.left(), 0);
  taller.scale(1, height / ink.height());
  taller.translate(0, -ink.center().y());
  FormulaBox box;
  box.paths << taller.map(outline).translated(0.06 * em(style), -axis(style));
  box.width = ink.width() + 0.12 * em(style);
  box.ascent = height / 2 + axis(style);
  box.descent = height / 2 - axis(style);
  return box;
}

FormulaBox FormulaFonts::delimiter(const QString& text, qreal height, int style) const {
  if (text.isEmpty()) return {0.12 * em(style), 0, 0, {}, {}, {}};
  if (text == QLatin1String("|") || text == QLatin1String("‖")) {
    FormulaBox box;
    const qreal tall = std::max(height, em(style));
    const qreal thick = rule(style), gap = 0.14 * em(style);
    for (qreal x = gap; box.rules.size() < (text == QLatin1String("|") ? 1 : 2); x += thick + gap)
      box.rules << QRectF(x, -axis(style) - tall / 2, thick, tall);
    box.width = box.rules.last().right() + gap;
    box.ascent = tall / 2 + axis(style);
    box.descent = tall / 2 - axis(style);
    return box;
  }
  FormulaBox plain = glyph(text, MathFace::Upright, style);
  if (plain.height() >= height * 0.9) return plain;
  return stretched(text, height, style);
}

FormulaBox FormulaFonts::rootSign(qreal height, int style) const {
  FormulaBox sign = stretched(QStringLiteral("√"), height, style);
  sign.width -= 0.06 * em(style);
  return sign;
}

}  // namespace hadal::ui
