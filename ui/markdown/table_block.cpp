#include "ui/markdown/table_block.h"

#include <QRegularExpression>
#include <numeric>

#include "ui/markdown/text_block.h"
#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {
constexpr qreal paddingX = 12, headHeight = 28, rowHeight = 30, narrowest = 56;
}

TableBlock::TableBlock(const MarkdownBlock& block) : BlockView(block), indent_(indentOf(block.containers)) {
  int offset = 0;
  for (qsizetype r = 0; r < block_.rows.size(); ++r) {
    std::vector<Cell> row;
    for (qsizetype c = 0; c < block_.columns.size(); ++c) {
      const RichText text = block_.rows[r].value(c);
      Qt::Alignment align = block_.columns[c];
      if (align == Qt::Alignment()) align = numeric(c) ? Qt::AlignRight : Qt::AlignLeft;
      Cell cell;
      cell.layout = r == 0 ? std::make_unique<RichLayout>(text, typeface(Type::Caption, QFont::DemiBold), line::caption,
                                                          Role::TextMuted, align)
                           : std::make_unique<RichLayout>(text, figures(Type::Body), line::body, Role::Text, align);
      cell.offset = offset;
      offset += static_cast<int>(text.text.size()) + 1;
      row.push_back(std::move(cell));
    }
    rows_.push_back(std::move(row));
  }
}

// Figures stand at the right, whatever the model said of the column.
bool TableBlock::numeric(qsizetype column) const {
  static const QRegularExpression figure(
      QStringLiteral("^[-+~<>≈]?[$€£¥]?\\d[\\d.,\\s]*\\s?(%|[a-zA-Zµ°]{0,4}(/[a-z]{1,2})?)$"));
  bool any = false;
  for (qsizetype r = 1; r < block_.rows.size(); ++r) {
    const QString text = block_.rows[r].value(column).text.trimmed();
    if (text.isEmpty() || text == QLatin1String("-")) continue;
    if (!figure.match(text).hasMatch()) return false;
    any = true;
  }
  // The first column names the rows, even by numbers.
  return any && column > 0;
}

QList<qreal> TableBlock::columnWidths(qreal width) {
  QList<qreal> wanted;
  for (qsizetype c = 0; c < block_.columns.size(); ++c) {
    qreal widest = narrowest;
    for (auto& row : rows_)
      widest = qMax(widest, row[static_cast<std::size_t>(c)].layout->naturalWidth() + 2 * paddingX + 1);
    wanted << widest;
  }
  const qreal sum = std::accumulate(wanted.cbegin(), wanted.cend(), qreal(0));
  if (sum <= width) {
    // What is left is shared out by how much each has already.
    for (qreal& column : wanted) column += (width - sum) * column / sum;
    return wanted;
  }
  // Narrow columns get what they want; the wide ones share the rest.
  QList<qreal> given(wanted.size(), 0);
  qreal room = width;
  QList<qsizetype> open(wanted.size());
  std::iota(open.begin(), open.end(), 0);
  for (bool again = true; again && !open.isEmpty();) {
    again = false;
    const qreal share = room / static_cast<qreal>(open.size());
    for (qsizetype i = open.size() - 1; i >= 0; --i) {
      if (wanted[open[i]] > share) continue;
      given[open[i]] = wanted[open[i]];
      room -= wanted[open[i]];
      open.removeAt(i);
      again = true;
    }
  }
  qreal rest = 0;
  for (const qsizetype c : std::as_const(open)) rest += wanted[c];
  for (const qsizetype c : std::as_const(open)) given[c] = qMax(narrowest, room * wanted[c] / rest);
  return given;
}

qreal TableBlock::lay(qreal column, qreal) {
  width_ = column - indent_;
  const QList<qreal> widths = columnWidths(width_);
  rowTops_.clear();
  qreal y = 0;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    rowTops_ << y;
    const bool headRow = r == 0;
    qreal tallest = 0;
    for (std::size_t c = 0; c < rows_[r].size(); ++c) {
      tallest = qMax(tallest, rows_[r][c].layout->lay(widths[static_cast<qsizetype>(c)] - 2 * paddingX));
    }
    const qreal row = qMax(headRow ? headHeight : rowHeight, tallest + (headRow ? 12 : 10));
    qreal x = indent_;
    for (std::size_t c = 0; c < rows_[r].size(); ++c) {
      Cell& cell = rows_[r][c];
      const qreal cellWidth = widths[static_cast<qsizetype>(c)];
      cell.place = QRectF(x + paddingX, y + (row - tallest) / 2, cellWidth - 2 * paddingX, cell.layout->height());
      x += cellWidth;
    }
    y += row;
  }
  rowTops_ << y;
  height = y;
  return height;
}

void TableBlock::paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const {
  paintQuoteBars(painter, block_.containers, height);
  const QRectF box(indent_, 0, width_, height);
  drawCard(painter, box, radius::control, colour(Role::Surface));
  if (rowTops_.size() > 1) {
    painter.save();
    painter.setClipRect(QRectF(indent_, 0, width_, rowTops_[1]));
    drawCard(painter, box, radius::control, colour(Role::Window));
    painter.restore();
  }
  for (qsizetype r = 1; r + 1 < rowTops_.size(); ++r) {
    painter.fillRect(QRectF(indent_ + 1, rowTops_[r] - 1, width_ - 2, 1), colour(Role::Border));
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const auto row = static_cast<qsizetype>(r);
    if (rowTops_[row + 1] < exposed.top() || rowTops_[row] > exposed.bottom()) continue;
    for (const Cell& cell : rows_[r]) cell.layout->paint(painter, cell.place.topLeft(), marks, cell.offset, {});
  }
  drawCard(painter, box, radius::control, {}, colour(Role::Border));
}

// Cells are separated by tabs, rows by line breaks: what a spreadsheet takes.
QString TableBlock::text() const {
  QString result;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < rows_[r].size(); ++c) {
      if (c > 0) result += QLatin1Char('\t');
      result += QString(rows_[r][c].layout->text()).replace(QChar(QChar::LineSeparator), QLatin1Char(' '));
    }
    if (r + 1 < rows_.size()) result += QLatin1Char('\n');
  }
  return result;
}

const TableBlock::Cell* TableBlock::cellAt(const QPointF& at) const {
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const bool last = r + 1 == rows_.size();
    if (at.y() >= rowTops_[static_cast<qsizetype>(r) + 1] && !last) continue;
    const Cell* found = nullptr;
    for (const Cell& cell : rows_[r]) {
      if (!found || at.x() >= cell.place.left() - paddingX) found = &cell;
    }
    return found;
  }
  return nullptr;
}

int TableBlock::offsetAt(const QPointF& at) const {
  const Cell* cell = cellAt(at);
  return cell ? cell->offset + cell->layout->offsetAt(at - cell->place.topLeft()) : 0;
}

QRectF TableBlock::caretAt(int offset) const {
  const Cell* found = nullptr;
  for (const auto& row : rows_) {
    for (const Cell& cell : row) {
      if (cell.offset <= offset) found = &cell;
    }
  }
  return found ? found->layout->caretAt(offset - found->offset).translated(found->place.topLeft()) : QRectF();
}

const InlineRun* TableBlock::linkAt(const QPointF& at) const {
  const Cell* cell = cellAt(at);
  return cell ? cell->layout->linkAt(at - cell->place.topLeft()) : nullptr;
}

void TableBlock::retint() {
  for (auto& row : rows_) {
    for (Cell& cell : row) cell.layout->retint();
  }
}

qreal RuleBlock::lay(qreal column, qreal) {
  width_ = column;
  return height = 9;
}

void RuleBlock::paint(QPainter& painter, const BlockMarks&, const QRectF&) const {
  painter.fillRect(QRectF(0, 4, width_, 1), colour(Role::Border));
}

}  // namespace hadal::ui
