#pragma once

#include "ui/markdown/rich_layout.h"

namespace hadal::ui {

/// A table: muted head, rows with lines between, columns as wide as they need while there is room.
class TableBlock : public BlockView {
 public:
  explicit TableBlock(const MarkdownBlock& block);

  qreal lay(qreal column, qreal measure) override;
  void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const override;
  QString text() const override;
  int offsetAt(const QPointF& at) const override;
  QRectF caretAt(int offset) const override;
  const InlineRun* linkAt(const QPointF& at) const override;
  void retint() override;

 private:
  struct Cell {
    std::unique_ptr<RichLayout> layout;
    QRectF place;  ///< Of the text, without padding.
    int offset = 0;
  };
  QList<qreal> columnWidths(qreal width);
  bool numeric(qsizetype column) const;
  const Cell* cellAt(const QPointF& at) const;

  std::vector<std::vector<Cell>> rows_;
  QList<qreal> rowTops_;
  qreal indent_ = 0, width_ = 0;
};

/// A thin line across.
class RuleBlock : public BlockView {
 public:
  using BlockView::BlockView;
  qreal lay(qreal column, qreal measure) override;
  void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const override;
  QString text() const override { return QStringLiteral("---"); }
  int offsetAt(const QPointF& at) const override { return at.x() > width_ / 2 ? 3 : 0; }
  QRectF caretAt(int) const override { return {0, 0, 1, height}; }

 private:
  qreal width_ = 0;
};

}  // namespace hadal::ui
