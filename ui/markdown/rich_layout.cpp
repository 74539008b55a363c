#include "ui/markdown/rich_layout.h"

#include <QFontMetricsF>
#include <cmath>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr qreal codePadding = 3;

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
    : rich_(text), layout_(text.text, std::move(face)), lineHeight_(lineHeight), ink_(ink) {
  QTextOption option(alignment);
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout_.setTextOption(option);
  layout_.setCacheEnabled(true);
  format();
}

void RichLayout::format() {
  QList<QTextLayout::FormatRange> ranges;
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
  const qreal baseline = baselineIn(lineHeight_, layout_.font());
  layout_.beginLayout();
  qreal y = 0;
  for (QTextLine line = layout_.createLine(); line.isValid(); line = layout_.createLine()) {
    line.setLineWidth(qMax<qreal>(width, 8));
    line.setPosition(QPointF(0, y + baseline - line.ascent()));
    y += lineHeight_;
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
      const qreal middle = row * lineHeight_ + lineHeight_ / 2.0;
      drawCard(painter,
               QRectF(at.x() + left - codePadding, std::round(at.y() + middle - 9), right - left + 2 * codePadding, 18),
               3, colour(Role::Hover));
    }
  }
  painter.setPen(colour(ink_));
  const int length = static_cast<int>(rich_.text.size());
  layout_.draw(&painter, at, markFormats(marks, firstOffset, length), exposed);
}

QTextLine RichLayout::lineAt(qreal y) const {
  for (int row = 0; row < layout_.lineCount(); ++row) {
    const QTextLine line = layout_.lineAt(row);
    if (y < (row + 1) * lineHeight_ || row + 1 == layout_.lineCount()) return line;
  }
  return {};
}

int RichLayout::offsetAt(const QPointF& at) const {
  const QTextLine line = lineAt(at.y());
  return line.isValid() ? line.xToCursor(at.x()) : 0;
}

QRectF RichLayout::caretAt(int offset) const {
  const QTextLine line = layout_.lineForTextPosition(qBound(0, offset, static_cast<int>(rich_.text.size())));
  return line.isValid() ? QRectF(line.cursorToX(offset), line.y(), 1, line.height()) : QRectF(0, 0, 1, lineHeight_);
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
