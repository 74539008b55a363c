#include "ui/markdown/code_block.h"

#include <cmath>

#include "ui/markdown/text_block.h"
#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {
constexpr qreal head = 32, paddingX = 12, paddingY = 10;
}

CodeBlock::CodeBlock(const MarkdownBlock& block, CodeColours* colours)
    : BlockView(block),
      colours_(colours),
      client_(colours ? colours->newClient() : 0),
      indent_(indentOf(block.containers)) {
  split(0);
  askForColours(false);
}

CodeBlock::~CodeBlock() {
  if (colours_) colours_->forget(client_);
}

// Lines before `fromLine` stay as they are.
void CodeBlock::split(qsizetype fromLine) {
  int offset = fromLine > 0 ? lines_[static_cast<std::size_t>(fromLine)].offset : 0;
  lines_.resize(static_cast<std::size_t>(fromLine));
  const QStringView rest = QStringView(block_.code).mid(offset);
  for (const QStringView text : rest.split(QLatin1Char('\n'))) {
    CodeLine line;
    line.text = text.toString();
    line.offset = offset;
    lines_.push_back(std::move(line));
    offset += static_cast<int>(text.size()) + 1;
  }
  laid_ = qMin(laid_, fromLine);
}

// A grammar's state after a line holds for good once the line is whole; the last one is coloured on trial.
void CodeBlock::askForColours(bool wholeLinesOnly) {
  if (!colours_ || block_.language.isEmpty()) return;
  const auto whole = static_cast<qsizetype>(lines_.size()) - 1;
  const auto textsOf = [this](qsizetype from, qsizetype to) {
    QStringList texts;
    for (qsizetype i = from; i < to; ++i) texts << lines_[static_cast<std::size_t>(i)].text;
    return texts;
  };
  if (whole > asked_) {
    colours_->colour(client_, block_.language, static_cast<int>(asked_), textsOf(asked_, whole), true);
    asked_ = whole;
  }
  if (!wholeLinesOnly)
    colours_->colour(client_, block_.language, static_cast<int>(whole), textsOf(whole, whole + 1), false);
}

bool CodeBlock::grow(const MarkdownBlock& block) {
  if (block.kind != block_.kind || block.language != block_.language || block.containers != block_.containers ||
      !block.code.startsWith(block_.code)) {
    return false;
  }
  const auto last = static_cast<qsizetype>(lines_.size()) - 1;
  const ColouredLine kept = lines_.back().colours;
  block_ = block;
  split(last);
  // Until its own come, the grown line keeps the colours of its beginning: no flicker.
  lines_[static_cast<std::size_t>(last)].colours = kept;
  askForColours(false);
  return true;
}

void CodeBlock::setColours(int first, const QList<ColouredLine>& lines) {
  for (qsizetype i = 0; i < lines.size(); ++i) {
    const auto at = static_cast<std::size_t>(first + i);
    if (at >= lines_.size()) return;
    lines_[at].colours = lines[i];
    if (lines_[at].layout) layLine(lines_[at], width_ - 2 * paddingX);
  }
}

// Setting formats drops the lines of a layout, so it is done before they are made.
void CodeBlock::format(CodeLine& line) {
  QList<QTextLayout::FormatRange> ranges;
  const int length = static_cast<int>(line.text.size());
  for (const ColouredRange& colour : std::as_const(line.colours)) {
    QTextLayout::FormatRange range;
    range.start = qMin(colour.start, length);
    range.length = qMin(colour.length, length - range.start);
    range.format.setForeground(ui::colour(colour.role));
    ranges << range;
  }
  line.layout->setFormats(ranges);
}

void CodeBlock::layLine(CodeLine& line, qreal width) const {
  if (!line.layout) {
    line.layout = std::make_unique<QTextLayout>(line.text, typeface(Type::Code));
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTabStopDistance(4 * QFontMetricsF(line.layout->font()).horizontalAdvance(QLatin1Char(' ')));
    line.layout->setTextOption(option);
    line.layout->setCacheEnabled(true);
  }
  format(line);
  qreal y = 0;
  const qreal baseline = baselineIn(line::code, line.layout->font());
  line.layout->beginLayout();
  for (QTextLine row = line.layout->createLine(); row.isValid(); row = line.layout->createLine()) {
    row.setLineWidth(width);
    row.setPosition(QPointF(0, y + baseline - row.ascent()));
    y += line::code;
  }
  line.layout->endLayout();
  line.height = qMax<qreal>(y, line::code);
}

qreal CodeBlock::lay(qreal column, qreal) {
  const qreal width = column - indent_;
  if (width != width_) laid_ = 0;
  width_ = width;
  qreal y = head + paddingY;
  if (laid_ > 0) {
    const CodeLine& last = lines_[static_cast<std::size_t>(laid_ - 1)];
    y = last.top + last.height;
  }
  for (auto i = static_cast<std::size_t>(laid_); i < lines_.size(); ++i) {
    layLine(lines_[i], width - 2 * paddingX);
    lines_[i].top = y;
    y += lines_[i].height;
  }
  laid_ = static_cast<qsizetype>(lines_.size());
  height = y + paddingY;
  return height;
}

void CodeBlock::paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const {
  paintQuoteBars(painter, block_.containers, height);
  const QRectF box(indent_, 0, width_, height);
  drawCard(painter, box, radius::control, colour(Role::Raised), colour(Role::Border));
  painter.fillRect(QRectF(indent_ + 1, head - 1, width_ - 2, 1), colour(Role::Border));
  drawLine(painter, QRect(int(indent_ + paddingX), 0, int(width_ - 120), int(head) - 1), languageTitle(block_.language),
           typeface(Type::Caption), colour(Role::TextMuted));
  painter.setPen(colour(Role::Text));
  for (const CodeLine& line : lines_) {
    if (!line.layout || line.top + line.height < exposed.top()) continue;
    if (line.top > exposed.bottom()) break;
    painter.setPen(colour(Role::Text));
    line.layout->draw(&painter, QPointF(indent_ + paddingX, line.top),
                      markFormats(marks, line.offset, static_cast<int>(line.text.size())));
  }
}

const CodeBlock::CodeLine& CodeBlock::lineAtY(qreal at) const {
  for (const CodeLine& line : lines_) {
    if (at < line.top + line.height) return line;
  }
  return lines_.back();
}

int CodeBlock::offsetAt(const QPointF& at) const {
  if (at.y() < head) return 0;
  if (at.y() > height - paddingY) return static_cast<int>(block_.code.size());
  const CodeLine& line = lineAtY(at.y());
  if (!line.layout) return line.offset;
  for (int row = 0; row < line.layout->lineCount(); ++row) {
    const QTextLine text = line.layout->lineAt(row);
    if (at.y() - line.top < (row + 1) * line::code || row + 1 == line.layout->lineCount()) {
      return line.offset + text.xToCursor(at.x() - indent_ - paddingX);
    }
  }
  return line.offset;
}

QRectF CodeBlock::caretAt(int offset) const {
  const CodeLine* found = &lines_.front();
  for (const CodeLine& line : lines_) {
    if (line.offset <= offset) found = &line;
  }
  if (!found->layout) return {};
  const QTextLine text =
      found->layout->lineForTextPosition(qBound(0, offset - found->offset, static_cast<int>(found->text.size())));
  const qreal x = text.isValid() ? text.cursorToX(offset - found->offset) : 0;
  return {indent_ + paddingX + x, found->top + (text.isValid() ? text.y() : 0), 1, line::code};
}

void CodeBlock::retint() {
  for (CodeLine& line : lines_) {
    if (line.layout) layLine(line, width_ - 2 * paddingX);
  }
}

QRectF CodeBlock::buttonPlace() const {
  return {indent_ + width_ - 4, 4, 0, 24};
}

}  // namespace hadal::ui
