#pragma once

#include <QPointer>

#include "ui/markdown/rich_layout.h"

namespace hadal::ui {

/// A block of code: a head with the language, the lines below. Each line is laid out once; its colours come later.
class CodeBlock : public BlockView {
 public:
  CodeBlock(const MarkdownBlock& block, CodeColours* colours);
  ~CodeBlock() override;

  qreal lay(qreal column, qreal measure) override;
  void paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const override;
  QString text() const override { return block_.code; }
  int offsetAt(const QPointF& at) const override;
  QRectF caretAt(int offset) const override;
  void retint() override;
  bool grow(const MarkdownBlock& block) override;
  QRectF buttonPlace() const override;

  quint64 client() const { return client_; }
  /// Colours of lines from `first` on.
  void setColours(int first, const QList<ColouredLine>& lines);

 private:
  struct CodeLine {
    QString text;
    int offset = 0;  ///< Of its first character in the code.
    ColouredLine colours;
    std::unique_ptr<QTextLayout> layout;
    qreal top = 0, height = 0;
  };
  void split(qsizetype fromLine);
  void askForColours(bool wholeLinesOnly);
  void layLine(CodeLine& line, qreal width) const;
  static void format(CodeLine& line);
  const CodeLine& lineAtY(qreal y) const;

  QPointer<CodeColours> colours_;
  quint64 client_ = 0;
  std::vector<CodeLine> lines_;
  qsizetype asked_ = 0;  ///< Lines whose colours were asked for with their state kept.
  qsizetype laid_ = 0;   ///< Lines that are laid out for width_.
  qreal indent_ = 0, width_ = 0;
};

}  // namespace hadal::ui
