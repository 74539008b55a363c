#pragma once

#include "ui/markdown/block_view.h"
#include "ui/markdown/formula_layout.h"

namespace hadal::ui {

/// A displayed formula, in the middle of the lines of prose. One that is too wide is drawn smaller; one that cannot be
/// read, or would become too small, is shown as its source.
class FormulaBlock : public BlockView {
 public:
  explicit FormulaBlock(const MarkdownBlock& block);
  ~FormulaBlock() override;

  qreal lay(qreal column, qreal measure) override;
  void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const override;
  QString text() const override { return block_.code; }
  int offsetAt(const QPointF& at) const override;
  QRectF caretAt(int offset) const override;
  void retint() override;

 private:
  FormulaPtr tree_;
  FormulaBox box_;
  std::unique_ptr<BlockView> source_;  ///< Shown instead.
  QRectF place_;
  qreal scale_ = 1;
};

}  // namespace hadal::ui
