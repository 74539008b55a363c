#pragma once

#include <QTextLayout>

#include "ui/markdown/block_view.h"
#include "ui/markdown/formula_layout.h"

namespace hadal::ui {

/// A rich text laid out in lines of one height, with grounds under inline code. A formula in it is drawn in the place
/// of its source, and lines make room for it; offsets count the source.
class RichLayout {
 public:
  RichLayout(const RichText& text, QFont face, int lineHeight, Role ink, Qt::Alignment alignment = Qt::AlignLeft);

  qreal lay(qreal width);
  /// Natural width of the longest line, were there no limit.
  qreal naturalWidth();
  void paint(QPainter& painter, const QPointF& at, const BlockMarks& marks, int firstOffset,
             const QRectF& exposed) const;
  int offsetAt(const QPointF& at) const;
  QRectF caretAt(int offset) const;
  const InlineRun* linkAt(const QPointF& at) const;
  void retint();

  const QString& text() const { return source_; }
  qreal height() const { return height_; }
  /// Of the first line, from the top.
  qreal firstBaseline() const;

 private:
  /// A formula: one character of the layout, as wide as the formula is.
  struct Inline {
    int shown = 0;               ///< Of that character ...
    int source = 0, length = 0;  ///< ... and of the source it stands for.
    FormulaBox box;
    qreal scale = 1;  ///< Below 1 where it would be wider than the lines.
  };
  struct Row {
    qreal top = 0, height = 0;
    qreal above = 0;  ///< Of the height: for a formula taller than the line.
  };
  void takeFormulas(const RichText& text, int pixels);
  void format();
  void fit(qreal width);
  int shownOf(int source, bool end) const;
  int sourceOf(int shown) const;
  QList<QTextLayout::FormatRange> shownMarks(const BlockMarks& marks, int firstOffset) const;
  void paintFormulas(QPainter& painter, const QPointF& at) const;
  QTextLine lineAt(qreal y) const;

  QString source_;
  RichText rich_;  ///< As it is shown: a character for each formula.
  QList<Inline> formulas_;
  QList<Row> rows_;
  QTextLayout layout_;
  int lineHeight_;
  Role ink_;
  qreal height_ = 0;
  qreal width_ = 0;
};

/// Marks of a longer text, moved to a part of it.
QList<QTextLayout::FormatRange> markFormats(const BlockMarks& marks, int firstOffset, int length);

}  // namespace hadal::ui
