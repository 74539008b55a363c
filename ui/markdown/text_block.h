#pragma once

#include "ui/markdown/rich_layout.h"

namespace hadal::ui {

/// A paragraph or a heading, with what it stands inside of: bars of quotes, marks of list items.
class TextBlock : public BlockView {
 public:
  TextBlock(const MarkdownBlock& block, const ProseStyle& style);

  qreal lay(qreal column, qreal measure) override;
  void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const override;
  QString text() const override;
  int offsetAt(const QPointF& at) const override;
  QRectF caretAt(int offset) const override;
  const InlineRun* linkAt(const QPointF& at) const override;
  void retint() override { layout_.retint(); }

 private:
  void paintMarker(QPainter& painter) const;
  QString prefix() const;

  RichLayout layout_;
  qreal indent_;
  Role ink_;
};

/// Left edge of what stands inside these containers.
qreal indentOf(const QList<Container>& containers);
/// Bars of the quotes around a block.
void paintQuoteBars(QPainter& painter, const QList<Container>& containers, qreal height);

}  // namespace hadal::ui
