#include "ui/markdown/rich_layout.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr qreal codePadding = 3, formulaSide = 1;
// Stands for a formula, unseen: a letter, so that lines break beside it where they break beside a word.
constexpr QChar placeholder(u'x');

QTextCharFormat formatOf(const InlineRun& run, const QFont& base) {
  QTextCharFormat format;
  if (run.flags & InlineRun::Bold) format.setFontWeight(QFont::DemiBold);
  if (run.flags & InlineRun::Italic) format.setFontItalic(true);
  if (run.flags & InlineRun::Strike) format.setFontStrikeOut(true);
  if (run.flags & InlineRun::Code) {
    QFont code = typeface(Type::Code);
    if (base.pixelSize() < 14) code.setPixelSize(base.pixelSize());
    format.setFont(code);
  }
  if (run.flags & InlineRun::Link) {
    format.setForeground(colour(Role::Accent));
    format.setFontUnderline(true);
  }
  if (run.flags & InlineRun::Image) {
    format.setForeground(colour(Role::TextMuted));
    format.setUnderlineStyle(QTextCharFormat::DashUnderline);
  }
  return format;
}

// Italics of CJK are slanted by force and hard to read: such characters stay upright.
bool isCjk(QChar c) {
  return c.unicode() >= 0x2E80 && c.unicode() <= 0x9FFF;
}

}  // namespace

QList<QTextLayout::FormatRange> markFormats(const BlockMarks& marks, int firstOffset, int length) {
  QList<QTextLayout::FormatRange> result;
  const auto add = [&](int from, int to, const QColor& ground) {
    from = qBound(0, from - firstOffset, length);
    to = qBound(0, to - firstOffset, length);
    if (from >= to) return;
    QTextLayout::FormatRange range;
    range.start = from;
    range.length = to - from;
    range.format.setBackground(ground);
    range.format.setForeground(colour(Role::Text));
    result << range;
  };
  QColor found = colour(Role::Warning);
  found.setAlphaF(0.35F);
  for (const int match : marks.matches) add(match, match + marks.matchLength, found);
  add(marks.selectionStart, marks.selectionEnd, colour(Role::Selection));
  return result;
}

RichLayout::RichLayout(const RichText& text, QFont face, int lineHeight, Role ink, Qt::Alignment alignment)
    : source_(text.text), lineHeight_(lineHeight), ink_(ink) {
  takeFormulas(text, face.pixelSize());
  layout_.setText(rich_.text);
  layout_.setFont(face);
  QTextOption option(alignment);
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout_.setTextOption(option);
  layout_.setCacheEnabled(true);
  format();
}

// A formula that cannot be read stays the text it is.
void RichLayout::takeFormulas(const RichText& text, int pixels) {
  rich_ = text;
  const auto isFormula = [](const InlineRun& run) { return (run.flags & InlineRun::Formula) != 0; };
  if (std::none_of(text.runs.begin(), text.runs.end(), isFormula)) return;
  rich_ = {};
  int from = 0;
  for (const InlineRun& run : text.runs) {
    if (!isFormula(run) || run.start < from) continue;
    const FormulaPtr tree = parseFormula(run.target);
    if (!tree) continue;
    FormulaBox box = layFormula(*tree, pixels, false);
    if (box.width <= 0) continue;
    rich_.text += QStringView(text.text).mid(from, run.start - from);
    formulas_ << Inline{static_cast<int>(rich_.text.size()), run.start, run.length, std::move(box)};
    rich_.text += placeholder;
    from = run.start + run.length;
  }
  rich_.text += QStringView(text.text).mid(from);
  for (InlineRun run : text.runs) {
    if (isFormula(run)) continue;
    const int start = shownOf(run.start, false), end = shownOf(run.start + run.length, true);
    run.start = start;
    run.length = end - start;
    rich_.runs << run;
  }
}

// An offset inside of a formula is its beginning, or its end.
int RichLayout::shownOf(int source, bool end) const {
  int shift = 0;
  for (const Inline& formula : formulas_) {
    if (source <= formula.source) break;
    if (source < formula.source + formula.length) return formula.shown + (end ? 1 : 0);
    shift = formula.length - 1 + (formula.source - formula.shown);
  }
  return source - shift;
}

int RichLayout::sourceOf(int shown) const {
  int shift = 0;
  for (const Inline& formula : formulas_) {
    if (shown <= formula.shown) break;
    shift = formula.length - 1 + (formula.source - formula.shown);
  }
  return shown + shift;
}

void RichLayout::fit(qreal width) {
  bool changed = false;
  for (Inline& formula : formulas_) {
    const qreal scale = std::clamp<qreal>(width / formula.box.width, 0.5, 1);
    changed = changed || scale != formula.scale;
    formula.scale = scale;
  }
  if (changed) format();
}

void RichLayout::format() {
  QList<QTextLayout::FormatRange> ranges;
  const qreal placed = QFontMetricsF(layout_.font()).horizontalAdvance(placeholder);
  for (const Inline& formula : std::as_const(formulas_)) {
    QTextLayout::FormatRange range;
    range.start = formula.shown;
    range.length = 1;
    range.format.setForeground(QColor(Qt::transparent));
    range.format.setFontLetterSpacingType(QFont::AbsoluteSpacing);
    range.format.setFontLetterSpacing(formula.box.width * formula.scale + 2 * formulaSide - placed);
    ranges << range;
  }
  const auto widen = [&](int at, QTextCharFormat format) {
    QTextLayout::FormatRange range;
    range.start = at;
    range.length = 1;
    format.setFontLetterSpacingType(QFont::AbsoluteSpacing);
    format.setFontLetterSpacing(codePadding);
    range.format = format;
    ranges << range;
  };
  for (const InlineRun& run : std::as_const(rich_.runs)) {
    QTextLayout::FormatRange range;
    range.start = run.start;
    range.length = run.length;
    range.format = formatOf(run, layout_.font());
    if (!(run.flags & InlineRun::Italic)) {
      ranges << range;
      if (run.flags & InlineRun::Code) {
        // Room for the ground on both sides: letter spacing comes after a character.
        if (run.start > 0) widen(run.start - 1, {});
        widen(run.start + run.length - 1, range.format);
      }
      continue;
    }
    for (int at = run.start; at < run.start + run.length;) {
      const bool cjk = isCjk(rich_.text[at]);
      int end = at + 1;
      while (end < run.start + run.length && isCjk(rich_.text[end]) == cjk) ++end;
      range.start = at;
      range.length = end - at;
      range.format.setFontItalic(!cjk);
      ranges << range;
      at = end;
    }
  }
  layout_.setFormats(ranges);
}

void RichLayout::retint() {
  format();
  if (width_ > 0) lay(width_);
}

qreal RichLayout::firstBaseline() const {
  const QTextLine line = layout_.lineCount() > 0 ? layout_.lineAt(0) : QTextLine();
  return line.isValid() ? line.y() + line.ascent() : lineHeight_ * 0.75;
}

qreal RichLayout::naturalWidth() {
  layout_.beginLayout();
  qreal widest = 0;
  for (QTextLine line = layout_.createLine(); line.isValid(); line = layout_.createLine()) {
    line.setLineWidth(1e6);
    widest = qMax(widest, line.naturalTextWidth());
  }
  layout_.endLayout();
  return std::ceil(widest);
}

qreal RichLayout::lay(qreal width) {
  width_ = width;
  fit(qMax<qreal>(width, 8));
  const qreal baseline = baselineIn(lineHeight_, layout_.font());
  rows_.clear();
  layout_.beginLayout();
  qreal y = 0;
  auto formula = formulas_.cbegin();
  for (QTextLine line = layout_.createLine(); line.isValid(); line = layout_.createLine()) {
    line.setLineWidth(qMax<qreal>(width, 8));
    Row row{y, static_cast<qreal>(lineHeight_), 0};
    qreal below = 0;
    for (; formula != formulas_.cend() && formula->shown < line.textStart() + line.textLength(); ++formula) {
      row.above = qMax(row.above, std::ceil(formula->box.ascent * formula->scale + 2 - baseline));
      below = qMax(below, std::ceil(formula->box.descent * formula->scale + 2 - (lineHeight_ - baseline)));
    }
    row.height += row.above + below;
    line.setPosition(QPointF(0, y + row.above + baseline - line.ascent()));
    y += row.height;
    rows_ << row;
  }
  layout_.endLayout();
  height_ = qMax<qreal>(y, lineHeight_);
  return height_;
}

void RichLayout::paint(QPainter& painter, const QPointF& at, const BlockMarks& marks, int firstOffset,
                       const QRectF& exposed) const {
  for (const InlineRun& run : rich_.runs) {
    if (!(run.flags & InlineRun::Code)) continue;
    for (int row = 0; row < layout_.lineCount(); ++row) {
      const QTextLine line = layout_.lineAt(row);
      const int from = qMax(run.start, line.textStart());
      const int to = qMin(run.start + run.length, line.textStart() + line.textLength());
      if (from >= to) continue;
      const qreal left = line.cursorToX(from);
      const qreal right = line.cursorToX(to) - (to == run.start + run.length ? codePadding : 0);
      const qreal middle = rows_[row].top + rows_[row].above + lineHeight_ / 2.0;
      drawCard(painter,
               QRectF(at.x() + left - codePadding, std::round(at.y() + middle - 9), right - left + 2 * codePadding, 18),
               3, colour(Role::Hover));
    }
  }
  painter.setPen(colour(ink_));
  layout_.draw(&painter, at, shownMarks(marks, firstOffset), exposed);
  paintFormulas(painter, at);
}

QList<QTextLayout::FormatRange> RichLayout::shownMarks(const BlockMarks& marks, int firstOffset) const {
  QList<QTextLayout::FormatRange> ranges = markFormats(marks, firstOffset, static_cast<int>(source_.size()));
  if (formulas_.isEmpty()) return ranges;
  QList<QTextLayout::FormatRange> result;
  for (const QTextLayout::FormatRange& range : std::as_const(ranges)) {
    int from = shownOf(range.start, false);
    const int to = shownOf(range.start + range.length, true);
    const auto put = [&](int end, bool formula) {
      QTextLayout::FormatRange piece = range;
      piece.start = from;
      piece.length = end - from;
      // The letter behind a formula stays unseen.
      if (formula) piece.format.setForeground(QColor(Qt::transparent));
      if (piece.length > 0) result << piece;
      from = end;
    };
    for (const Inline& formula : formulas_) {
      if (formula.shown < from || formula.shown >= to) continue;
      put(formula.shown, false);
      put(formula.shown + 1, true);
    }
    put(to, false);
  }
  return result;
}

void RichLayout::paintFormulas(QPainter& painter, const QPointF& at) const {
  for (const Inline& formula : formulas_) {
    const QTextLine line = layout_.lineForTextPosition(formula.shown);
    if (!line.isValid()) continue;
    painter.save();
    painter.translate(at.x() + line.cursorToX(formula.shown) + formulaSide,
                      std::round(at.y() + line.y() + line.ascent()));
    painter.scale(formula.scale, formula.scale);
    formula.box.paint(painter, QPointF(), colour(ink_), colour(Role::Warning));
    painter.restore();
  }
}

QTextLine RichLayout::lineAt(qreal y) const {
  for (int row = 0; row < layout_.lineCount(); ++row) {
    if (y < rows_[row].top + rows_[row].height || row + 1 == layout_.lineCount()) return layout_.lineAt(row);
  }
  return {};
}

int RichLayout::offsetAt(const QPointF& at) const {
  const QTextLine line = lineAt(at.y());
  return line.isValid() ? sourceOf(line.xToCursor(at.x())) : 0;
}

QRectF RichLayout::caretAt(int offset) const {
  const int shown = qBound(0, shownOf(offset, true), static_cast<int>(rich_.text.size()));
  const QTextLine line = layout_.lineForTextPosition(shown);
  return line.isValid() ? QRectF(line.cursorToX(shown), line.y(), 1, line.height()) : QRectF(0, 0, 1, lineHeight_);
}

const InlineRun* RichLayout::linkAt(const QPointF& at) const {
  if (at.y() < 0 || at.y() > height_) return nullptr;
  const QTextLine line = lineAt(at.y());
  if (!line.isValid() || at.x() < line.x() || at.x() > line.x() + line.naturalTextWidth()) return nullptr;
  const int offset = line.xToCursor(at.x(), QTextLine::CursorOnCharacter);
  for (const InlineRun& run : rich_.runs) {
    if ((run.flags & (InlineRun::Link | InlineRun::Image)) && offset >= run.start && offset < run.start + run.length)
      return &run;
  }
  return nullptr;
}

}  // namespace hadal::ui
