#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ui/markdown/block_splitter.h"
#include "ui/markdown/block_view.h"

namespace hadal::ui {

class Button;

/// Shows Markdown: an answer, or part of one. Text can be selected across all of it. What is appended changes the open
/// end alone; what is finished is parsed and laid out once for its width.
class MarkdownView : public QWidget {
  Q_OBJECT
 public:
  explicit MarkdownView(CodeColours* colours, QWidget* parent = nullptr, ProseStyle style = {});
  ~MarkdownView() override;

  void setText(const QString& text);
  /// Shown with the next frame: at most 30 times a second, less often if laying out takes long.
  void append(const QString& more);
  /// Shows what was appended and not yet shown.
  void flush();
  /// A bar after the last character while more is awaited.
  void setCaret(bool shown);
  const QString& text() const { return source_; }

  /// Marks every occurrence; returns how many.
  int setNeedle(const QString& needle);
  /// Height of the first occurrence, -1 if there is none.
  int firstMatchY() const;

  QString selectedText() const;
  void clearSelection();
  void selectAll();

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  /// Lays out for this width and returns the height.
  int lay(int width);

 Q_SIGNALS:
  /// The height may have changed.
  void grown();
  void selectionStarted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Position {
    int block = 0, offset = 0;
    auto operator<=>(const Position&) const = default;
  };
  void showPending();
  void showParagraphs(const QString& more);
  void showOpen(const QList<MarkdownBlock>& blocks);
  void place(std::size_t from);
  void placeButtons(std::size_t from);
  Position positionAt(const QPointF& at) const;
  BlockMarks marksOf(std::size_t block) const;
  void findMatches(std::size_t from);
  const InlineRun* linkAt(const QPointF& at) const;
  void openLink(const InlineRun& link, const QPoint& global);
  void setColours(quint64 client, int firstLine, const QList<ColouredLine>& lines);
  void copy();

  CodeColours* colours_;
  ProseStyle style_;
  QString source_;
  QString pending_;
  BlockSplitter splitter_;
  QString open_;  ///< Of plain paragraphs: the one that still grows.
  std::vector<std::unique_ptr<BlockView>> blocks_;
  std::size_t finished_ = 0;  ///< Blocks of finished pieces.
  std::vector<QList<int>> matches_;
  QString needle_;
  std::unordered_map<const BlockView*, Button*> buttons_;
  int width_ = 0, height_ = 0;
  Position anchor_, caret_;
  bool selecting_ = false, showCaret_ = false;
  QTimer frame_;
  QElapsedTimer sinceFrame_;
  int frameCost_ = 0;  ///< ms the last one took.
};

}  // namespace hadal::ui
