#pragma once

#include <QTextLayout>

#include "ui/markdown/block_view.h"

namespace hadal::ui {

/// A rich text laid out in lines of one height, with grounds under inline code.
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

  const QString& text() const { return rich_.text; }
  qreal height() const { return height_; }
  /// Of the first line, from the top.
  qreal firstBaseline() const;

 private:
  void format();
  QTextLine lineAt(qreal y) const;

  RichText rich_;
  QTextLayout layout_;
  int lineHeight_;
  Role ink_;
  qreal height_ = 0;
  qreal width_ = 0;
};

/// Marks of a longer text, moved to a part of it.
QList<QTextLayout::FormatRange> markFormats(const BlockMarks& marks, int firstOffset, int length);

}  // namespace hadal::ui
