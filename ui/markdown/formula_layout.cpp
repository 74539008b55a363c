#include "ui/markdown/formula_layout.h"

#include <algorithm>

#include "ui/markdown/formula_fonts.h"

namespace hadal::ui {

namespace {

using Kind = FormulaNode::Kind;
constexpr int display = 0, text = 1, script = 2;

// Space between neighbours in mu, an em's 18th; negative: not in scripts. The TeXbook, chapter 18.
int spaceBetween(AtomClass left, AtomClass right) {
  static constexpr int table[8][8] = {
      // Ord Op Bin Rel Open Close Punct Inner
      {0, 3, -4, -5, 0, 0, 0, -3},      // Ordinary
      {3, 3, 0, -5, 0, 0, 0, -3},       // Operator
      {-4, -4, 0, 0, -4, 0, 0, -4},     // Binary
      {-5, -5, 0, 0, -5, 0, 0, -5},     // Relation
      {0, 0, 0, 0, 0, 0, 0, 0},         // Open
      {0, 3, -4, -5, 0, 0, 0, -3},      // Close
      {-3, -3, 0, -3, -3, -3, -3, -3},  // Punctuation
      {-3, 3, -4, -5, -3, 0, -3, -3},   // Inner
  };
  return table[static_cast<int>(left)][static_cast<int>(right)];
}

class Layout {
 public:
  explicit Layout(int pixels) : fonts_(pixels) {}

  FormulaBox lay(const FormulaNode& node, int style) const {
    switch (node.kind) {
      case Kind::Row:
        return row(node, style);
      case Kind::Symbol:
        return symbol(node, style);
      case Kind::Word:
        return fonts_.word(node.text, node.face, style);
      case Kind::Source:
        return source(node, style);
      case Kind::Space:
        return {node.amount * fonts_.em(style), 0, 0, {}, {}, {}};
      case Kind::Fraction:
        return fraction(node, style);
      case Kind::Scripts:
      case Kind::Stack:
        return scripts(node, style);
      case Kind::Root:
        return root(node, style);
      case Kind::Fenced:
        return fenced(node, style);
      case Kind::Delimiter:
        return fonts_.delimiter(node.text, node.amount * fonts_.em(style), style);
      case Kind::Matrix:
        return matrix(node, style);
      case Kind::Accent:
        return accent(node, style);
      case Kind::Line:
        return line(node, style);
      case Kind::Style:
        break;
    }
    return {};
  }

 private:
  static int scriptOf(int style) { return std::min(std::max(style, text) + 1, 3); }

  FormulaBox row(const FormulaNode& node, int style) const;
  FormulaBox symbol(const FormulaNode& node, int style) const;
  FormulaBox source(const FormulaNode& node, int style) const;
  FormulaBox fraction(const FormulaNode& node, int style) const;
  FormulaBox scripts(const FormulaNode& node, int style) const;
  FormulaBox beside(const FormulaBox& base, const FormulaNode& node, int style) const;
  FormulaBox aboveAndBelow(const FormulaBox& base, const FormulaNode& node, int style) const;
  FormulaBox root(const FormulaNode& node, int style) const;
  FormulaBox fenced(const FormulaNode& node, int style) const;
  FormulaBox matrix(const FormulaNode& node, int style) const;
  FormulaBox accent(const FormulaNode& node, int style) const;
  FormulaBox line(const FormulaNode& node, int style) const;

  FormulaFonts fonts_;
};

FormulaBox Layout::row(const FormulaNode& node, int style) const {
  FormulaBox box;
  std::optional<AtomClass> before;
  // A + without something at both sides is a sign, not an operation.
  const auto classOf = [&](std::size_t i) {
    const AtomClass own = node.children[i]->atom;
    if (own != AtomClass::Binary) return own;
    const bool first =
        !before || (*before != AtomClass::Ordinary && *before != AtomClass::Close && *before != AtomClass::Inner);
    bool last = true;
    for (std::size_t next = i + 1; next < node.children.size() && last; ++next) {
      const FormulaNode& other = *node.children[next];
      if (other.kind == Kind::Space || other.kind == Kind::Style) continue;
      last =
          other.atom == AtomClass::Relation || other.atom == AtomClass::Close || other.atom == AtomClass::Punctuation;
      break;
    }
    return first || last ? AtomClass::Ordinary : AtomClass::Binary;
  };
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const FormulaNode& child = *node.children[i];
    if (child.kind == Kind::Style) {
      style = static_cast<int>(child.amount);
      continue;
    }
    if (child.kind != Kind::Space) {
      const AtomClass now = classOf(i);
      const int mu = before ? spaceBetween(*before, now) : 0;
      if (mu > 0 || style < script) box.width += std::abs(mu) / 18.0 * fonts_.em(style);
      before = now;
    }
    const FormulaBox part = lay(child, style);
    box.add(part, box.width, 0);
    box.width += part.width;
  }
  return box;
}

FormulaBox Layout::symbol(const FormulaNode& node, int style) const {
  if (!node.large) return fonts_.glyph(node.text, node.face, style);
  const bool integral = !node.limits;
  const qreal scale = style == display ? (integral ? 1.7 : 1.45) : integral ? 1.15 : 1.05;
  FormulaBox box = fonts_.glyph(node.text, MathFace::Upright, style, scale);
  // Centred on the axis, whatever the font has made of it.
  const qreal down = (box.ascent - box.descent) / 2 - fonts_.axis(style);
  FormulaBox moved;
  moved.add(box, 0, down);
  moved.width = box.width;
  return moved;
}

FormulaBox Layout::source(const FormulaNode& node, int style) const {
  FormulaBox box = fonts_.word(node.text, MathFace::Mono, style);
  for (FormulaBox::Glyph& glyph : box.glyphs) glyph.unknown = true;
  box.width += 0.2 * fonts_.em(style);
  return box;
}

FormulaBox Layout::fraction(const FormulaNode& node, int style) const {
  if (node.text == QLatin1String("d")) style = display;
  if (node.text == QLatin1String("t")) style = std::max(style, text);
  const int inner = style == display ? text : scriptOf(style);
  const FormulaBox above = lay(*node.children[0], inner), below = lay(*node.children[1], inner);
  const qreal em = fonts_.em(style), axis = fonts_.axis(style);
  const qreal thick = node.amount > 0 ? fonts_.rule(style) : 0;
  const qreal clear = (style == display ? 3 : 1.5) * fonts_.rule(style);
  const qreal up = std::max((style == display ? 0.68 : 0.44) * em, axis + thick / 2 + clear + above.descent);
  const qreal down = std::max((style == display ? 0.69 : 0.36) * em, -axis + thick / 2 + clear + below.ascent);
  const qreal side = 0.1 * em, wide = std::max(above.width, below.width) + 0.1 * em;
  FormulaBox box;
  box.add(above, side + (wide - above.width) / 2, -up);
  box.add(below, side + (wide - below.width) / 2, down);
  if (thick > 0) box.rules << QRectF(side, -axis - thick / 2, wide, thick);
  box.width = wide + 2 * side;
  return box;
}

FormulaBox Layout::scripts(const FormulaNode& node, int style) const {
  const FormulaNode& base = *node.children[0];
  const FormulaBox nucleus = lay(base, style);
  const bool stacked = node.kind == Kind::Stack || (base.limits && (style == display || base.kind == Kind::Line));
  return stacked ? aboveAndBelow(nucleus, node, style) : beside(nucleus, node, style);
}

FormulaBox Layout::beside(const FormulaBox& base, const FormulaNode& node, int style) const {
  const qreal em = fonts_.em(style), small = fonts_.em(scriptOf(style));
  FormulaBox box = base;
  FormulaBox below, above;
  if (node.children[1]) below = lay(*node.children[1], scriptOf(style));
  if (node.children[2]) above = lay(*node.children[2], scriptOf(style));
  qreal up = std::max({(style == display ? 0.41 : 0.36) * em, base.ascent - 0.39 * small, above.descent + 0.11 * em});
  qreal down = std::max({(node.children[2] ? 0.25 : 0.15) * em, base.descent + 0.05 * small});
  if (node.children[1] && !node.children[2]) down = std::max(down, below.ascent - 0.34 * em);
  if (node.children[1] && node.children[2]) {
    const qreal gap = (up - above.descent) + (down - below.ascent);
    const qreal least = 4 * fonts_.rule(style);
    if (gap < least) down += least - gap;
  }
  const qreal lean = node.children[0]->large && !node.children[0]->limits ? 0.15 * em : 0;  // Of an integral.
  if (node.children[2]) box.add(above, base.width + 0.04 * em, -up);
  if (node.children[1]) box.add(below, base.width + 0.02 * em - lean, down);
  box.width =
      base.width + 0.08 * em + std::max(node.children[2] ? above.width : 0, node.children[1] ? below.width - lean : 0);
  return box;
}

FormulaBox Layout::aboveAndBelow(const FormulaBox& base, const FormulaNode& node, int style) const {
  FormulaBox below, above;
  if (node.children[1]) below = lay(*node.children[1], scriptOf(style));
  if (node.children[2]) above = lay(*node.children[2], scriptOf(style));
  const qreal gap = 0.16 * fonts_.em(style);
  FormulaBox box;
  const qreal wide = std::max({base.width, below.width, above.width});
  box.add(base, (wide - base.width) / 2, 0);
  if (node.children[2]) box.add(above, (wide - above.width) / 2, -base.ascent - gap - above.descent);
  if (node.children[1]) box.add(below, (wide - below.width) / 2, base.descent + gap + below.ascent);
  box.width = wide;
  return box;
}

FormulaBox Layout::root(const FormulaNode& node, int style) const {
  const FormulaBox inside = lay(*node.children[0], style);
  const qreal thick = fonts_.rule(style), em = fonts_.em(style);
  const qreal clear = thick + (style == display ? 0.16 : 0.08) * em;
  const qreal top = std::max(inside.ascent, 0.5 * em) + clear;
  const qreal height = top + std::max(inside.descent, 0.06 * em);
  const FormulaBox sign = fonts_.rootSign(height + thick, style);
  FormulaBox box;
  qreal x = 0;
  if (node.children[1]) {
    const FormulaBox index = lay(*node.children[1], 3);
    x = std::max<qreal>(0, index.width - 0.4 * sign.width);
    box.add(index, std::max<qreal>(0, 0.4 * sign.width - index.width), -(top - 0.55 * height));
  }
  // The sign hangs from the line over what it holds.
  box.add(sign, x, sign.ascent - top - thick);
  const qreal left = x + sign.width;
  box.rules << QRectF(left - 0.5, -top - thick, inside.width + 0.12 * em, thick);
  box.add(inside, left + 0.04 * em, 0);
  box.ascent = std::max(box.ascent, top + thick);
  box.width = left + inside.width + 0.16 * em;
  return box;
}

FormulaBox Layout::fenced(const FormulaNode& node, int style) const {
  const FormulaBox inside = lay(*node.children[0], style);
  const qreal axis = fonts_.axis(style);
  const qreal height = 2 * std::max(inside.ascent - axis, inside.descent + axis) * 0.98;
  const FormulaBox open = fonts_.delimiter(node.open, height, style);
  const FormulaBox close = fonts_.delimiter(node.close, height, style);
  FormulaBox box;
  box.add(open, 0, 0);
  box.add(inside, open.width, 0);
  box.add(close, open.width + inside.width, 0);
  box.width = open.width + inside.width + close.width;
  return box;
}

FormulaBox Layout::matrix(const FormulaNode& node, int style) const {
  const bool lines = node.text.startsWith(QLatin1String("align")) || node.text == QLatin1String("split") ||
                     node.text.startsWith(QLatin1String("gather"));
  const int inner = lines                                       ? display
                    : node.text == QLatin1String("smallmatrix") ? scriptOf(style)
                                                                : std::max(style, text);
  const auto columns = static_cast<std::size_t>(node.columns);
  const qreal em = fonts_.em(inner);
  std::vector<FormulaBox> cells;
  for (const FormulaPtr& cell : node.children) cells.push_back(lay(*cell, inner));
  const std::size_t rows = columns > 0 ? cells.size() / columns : 0;
  std::vector<qreal> widths(columns, 0), ascents(rows, 0.7 * em), descents(rows, 0.3 * em);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths[i % columns] = std::max(widths[i % columns], cells[i].width);
    ascents[i / columns] = std::max(ascents[i / columns], cells[i].ascent);
    descents[i / columns] = std::max(descents[i / columns], cells[i].descent);
  }
  // -1 left, 0 centre, 1 right
  const auto alignment = [&](std::size_t column) {
    if (node.text == QLatin1String("cases")) return -1;
    if (node.text.startsWith(QLatin1String("align")) || node.text == QLatin1String("split"))
      return column % 2 == 0 ? 1 : -1;
    const QChar c = node.text.startsWith(QLatin1String("array:"))
                        ? node.text.mid(6).at(
                              qMin<qsizetype>(static_cast<qsizetype>(column), qMax<qsizetype>(0, node.text.size() - 7)))
                        : QChar(u'c');
    return c == u'l' ? -1 : c == u'r' ? 1 : 0;
  };
  const qreal rowGap = (lines ? 0.4 : 0.3) * em;
  qreal height = rows > 0 ? rowGap * static_cast<qreal>(rows - 1) : 0;
  for (std::size_t r = 0; r < rows; ++r) height += ascents[r] + descents[r];
  FormulaBox box;
  qreal y = -height / 2 - fonts_.axis(style);
  for (std::size_t r = 0; r < rows; ++r) {
    y += ascents[r];
    qreal x = 0.1 * em;
    for (std::size_t c = 0; c < columns; ++c) {
      const FormulaBox& cell = cells[r * columns + c];
      const int side = alignment(c);
      box.add(cell, x + (side < 0 ? 0 : side > 0 ? widths[c] - cell.width : (widths[c] - cell.width) / 2), y);
      const bool joined = lines && c % 2 == 0;
      x += widths[c] + (c + 1 == columns ? 0.1 * em : joined ? 0.25 * em : em);
      box.width = x;
    }
    y += descents[r] + rowGap;
  }
  box.ascent = std::max(box.ascent, height / 2 + fonts_.axis(style));
  box.descent = std::max(box.descent, height / 2 - fonts_.axis(style));
  return box;
}

FormulaBox Layout::accent(const FormulaNode& node, int style) const {
  const FormulaBox base = lay(*node.children[0], style);
  const qreal em = fonts_.em(style), gap = 0.08 * em, thick = fonts_.rule(style);
  FormulaBox box = base;
  if (node.text == QLatin1String("¯")) {
    const qreal y = -base.ascent - gap - thick;
    box.rules << QRectF(0.06 * em, y, std::max(base.width - 0.06 * em, 0.3 * em), thick);
    box.ascent = -y;
    return box;
  }
  const bool arrow = node.text == QLatin1String("→");
  const FormulaBox sign = fonts_.glyph(node.text, MathFace::Upright, style, arrow ? 0.6 : 0.9);
  // The sign's ink stands over the base; letters lean to the right.
  const qreal y = -base.ascent - gap - sign.descent;
  FormulaBox raised = sign;
  const qreal ink = sign.ascent;
  const qreal lower = arrow ? 0.6 * fonts_.axis(style) : std::max<qreal>(0, ink - 0.28 * em);
  box.add(raised, (base.width - sign.width) / 2 + 0.04 * em, y + (arrow ? lower : lower));
  box.width = base.width;
  return box;
}

FormulaBox Layout::line(const FormulaNode& node, int style) const {
  const FormulaBox base = lay(*node.children[0], style);
  const qreal em = fonts_.em(style), thick = fonts_.rule(style), gap = 0.12 * em;
  FormulaBox box = base;
  if (node.text == QLatin1String("box")) {
    const qreal pad = 0.25 * em;
    box = {};
    box.add(base, pad, 0);
    box.width = base.width + 2 * pad;
    const QRectF frame(0, -base.ascent - pad, box.width, base.height() + 2 * pad);
    box.rules << QRectF(frame.left(), frame.top(), frame.width(), thick)
              << QRectF(frame.left(), frame.bottom() - thick, frame.width(), thick)
              << QRectF(frame.left(), frame.top(), thick, frame.height())
              << QRectF(frame.right() - thick, frame.top(), thick, frame.height());
    box.ascent = -frame.top();
    box.descent = frame.bottom();
    return box;
  }
  const bool under = node.text.startsWith(QLatin1String("under"));
  if (node.text.endsWith(QLatin1String("brace"))) {
    // A brace on its side: the upright one, turned.
    const FormulaBox brace = fonts_.delimiter(QStringLiteral("{"), std::max(base.width, 0.9 * em), display);
    QTransform turned;
    turned.rotate(under ? -90 : 90);
    QPainterPath path;
    for (const QPainterPath& part : brace.paths) path.addPath(turned.map(part));
    for (const FormulaBox::Glyph& glyph : brace.glyphs) {
      QPainterPath outline;
      outline.addText(glyph.at, glyph.font, glyph.text);
      path.addPath(turned.map(outline));
    }
    const QRectF ink = path.boundingRect();
    const qreal y = under ? base.descent + gap - ink.top() : -base.ascent - gap - ink.bottom();
    box.paths << path.translated(base.width / 2 - ink.center().x(), y);
    (under ? box.descent : box.ascent) += gap + ink.height();
    return box;
  }
  const qreal y = under ? base.descent + gap : -base.ascent - gap - thick;
  box.rules << QRectF(0, y, base.width, thick);
  if (node.text == QLatin1String("overarrow")) {
    QPainterPath head;
    const qreal middle = y + thick / 2, size = 0.16 * em;
    head.moveTo(base.width + 0.05 * em, middle);
    head.lineTo(base.width - size, middle - size * 0.8);
    head.lineTo(base.width - size, middle + size * 0.8);
    head.closeSubpath();
    box.paths << head;
    box.ascent = -y + size;
    return box;
  }
  (under ? box.descent : box.ascent) += gap + thick;
  return box;
}

}  // namespace

void FormulaBox::add(const FormulaBox& box, qreal x, qreal y) {
  ascent = std::max(ascent, box.ascent - y);
  descent = std::max(descent, box.descent + y);
  for (Glyph glyph : box.glyphs) {
    glyph.at += QPointF(x, y);
    glyphs << std::move(glyph);
  }
  for (const QRectF& rule : box.rules) rules << rule.translated(x, y);
  for (const QPainterPath& path : box.paths) paths << path.translated(x, y);
}

void FormulaBox::paint(QPainter& painter, const QPointF& baseline, const QColor& ink, const QColor& unknownInk) const {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (const Glyph& glyph : glyphs) {
    painter.setFont(glyph.font);
    painter.setPen(glyph.unknown ? unknownInk : ink);
    painter.drawText(baseline + glyph.at, glyph.text);
  }
  for (const QPainterPath& path : paths) painter.fillPath(path.translated(baseline), ink);
  for (QRectF rule : rules) {
    // On whole pixels, so that lines are not blurred.
    rule.translate(baseline);
    const qreal top = std::round(rule.top()), left = std::round(rule.left());
    painter.fillRect(
        QRectF(left, top, std::max<qreal>(1, std::round(rule.width())), std::max<qreal>(1, std::round(rule.height()))),
        ink);
  }
  painter.restore();
}

FormulaBox layFormula(const FormulaNode& formula, int pixels, bool inDisplay) {
  return Layout(pixels).lay(formula, inDisplay ? display : text);
}

}  // namespace hadal::ui
