#include "ui/markdown/formula_block.h"

#include <algorithm>
#include <cmath>

#include "ui/markdown/text_block.h"
#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {
constexpr qreal padding = 6, smallest = 0.6;
}

FormulaBlock::FormulaBlock(const MarkdownBlock& block) : BlockView(block), tree_(parseFormula(block.formula)) {
  if (tree_) box_ = layFormula(*tree_, typeface(Type::Body).pixelSize(), true);
}

FormulaBlock::~FormulaBlock() = default;

qreal FormulaBlock::lay(qreal column, qreal measure) {
  const qreal indent = indentOf(block_.containers);
  const qreal room = std::max<qreal>(column - indent, 1);
  scale_ = std::min<qreal>(1, room / std::max<qreal>(box_.width, 1));
  if (!tree_ || box_.height() <= 0 || scale_ < smallest) {
    MarkdownBlock shown = plainBlock(block_.code);
    shown.containers = block_.containers;
    source_ = std::make_unique<TextBlock>(shown, ProseStyle{});
    height = source_->lay(column, measure);
    return height;
  }
  source_.reset();
  const qreal width = box_.width * scale_;
  const qreal middle = std::min(room, std::max(measure - indent, width));
  height = std::ceil(box_.height() * scale_) + 2 * padding;
  place_ = QRectF(std::round(indent + (middle - width) / 2), padding, width, height - 2 * padding);
  return height;
}

void FormulaBlock::paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const {
  if (source_) return source_->paint(painter, marks, exposed);
  paintQuoteBars(painter, block_.containers, height);
  const QRectF ground = place_.adjusted(-4, -4, 4, 4);
  if (!marks.matches.isEmpty()) {
    QColor found = colour(Role::Warning);
    found.setAlphaF(0.35F);
    drawCard(painter, ground, radius::small, found);
  }
  if (marks.selectionStart < marks.selectionEnd) drawCard(painter, ground, radius::small, colour(Role::Selection));
  const Role ink = block_.containers.contains(Container::Quote) ? Role::TextMuted : Role::Text;
  painter.save();
  painter.translate(place_.topLeft());
  painter.scale(scale_, scale_);
  box_.paint(painter, QPointF(0, std::round(box_.ascent)), colour(ink), colour(Role::Warning));
  painter.restore();
}

int FormulaBlock::offsetAt(const QPointF& at) const {
  if (source_) return source_->offsetAt(at);
  return at.x() < place_.center().x() ? 0 : static_cast<int>(block_.code.size());
}

QRectF FormulaBlock::caretAt(int offset) const {
  if (source_) return source_->caretAt(offset);
  return {offset * 2 < block_.code.size() ? place_.left() : place_.right(), place_.top(), 1, place_.height()};
}

void FormulaBlock::retint() {
  if (source_) source_->retint();
}

}  // namespace hadal::ui
