#pragma once

#include <QPainter>
#include <QRectF>
#include <memory>

#include "ui/markdown/code_colours.h"
#include "ui/markdown/markdown.h"
#include "ui/theme/roles.h"

namespace hadal::ui {

/// What is marked in a block when it is painted: offsets into its text.
struct BlockMarks {
  int selectionStart = 0, selectionEnd = 0;
  QList<int> matches;   ///< Where the words that are searched for begin ...
  int matchLength = 0;  ///< ... and how long they are.
};

/// A block laid out for a width. Offsets count the characters of text().
class BlockView {
 public:
  explicit BlockView(MarkdownBlock block) : block_(std::move(block)) {}
  virtual ~BlockView() = default;

  /// `column` is the widest that tables and code may be, `measure` the longest line of prose.
  virtual qreal lay(qreal column, qreal measure) = 0;
  virtual void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const = 0;
  /// What copying gives.
  virtual QString text() const = 0;
  virtual int offsetAt(const QPointF& at) const = 0;
  virtual QRectF caretAt(int offset) const = 0;
  /// The link under a point, or null.
  virtual const InlineRun* linkAt(const QPointF&) const { return nullptr; }
  /// Colours may have changed; the text has not.
  virtual void retint() {}
  /// Takes the block in its longer form, if this view can without beginning anew.
  virtual bool grow(const MarkdownBlock&) { return false; }
  /// Where a button of the block goes; empty if it has none.
  virtual QRectF buttonPlace() const { return {}; }

  const MarkdownBlock& block() const { return block_; }
  qreal height = 0;
  qreal top = 0;

 protected:
  MarkdownBlock block_;
};

/// How prose is drawn.
struct ProseStyle {
  Role ink = Role::Text;
  bool plain = false;  ///< As typed: a person's own words.
  /// Plain, cut at blank lines, so that what is appended to a very long text changes its last paragraph alone.
  bool paragraphs = false;
};

std::unique_ptr<BlockView> makeBlockView(const MarkdownBlock& block, const ProseStyle& style, CodeColours* colours);

/// Space between two blocks that follow each other.
int gapBetween(const MarkdownBlock& above, const MarkdownBlock& below);

}  // namespace hadal::ui
