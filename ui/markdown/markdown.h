#pragma once

#include <QList>
#include <QString>

namespace hadal::ui {

/// A stretch of a text that looks different from its surroundings.
struct InlineRun {
  enum Flag { Bold = 1, Italic = 2, Code = 4, Strike = 8, Link = 16, Image = 32, Formula = 64, Display = 128 };
  int start = 0;
  int length = 0;
  int flags = 0;
  QString target;  ///< Link, Image: where it points. Never fetched. Formula: its TeX without the delimiters.
  bool operator==(const InlineRun&) const = default;
};

struct RichText {
  QString text;  ///< Line breaks are QChar::LineSeparator.
  QList<InlineRun> runs;
  bool operator==(const RichText&) const = default;
};

/// What a block stands inside of, outermost first.
enum class Container : quint8 { Quote, List };

struct MarkdownBlock {
  enum class Kind { Paragraph, Heading, Code, Table, Rule, Formula };
  enum class Marker { None, Bullet, Number, TaskOpen, TaskDone };

  Kind kind = Kind::Paragraph;
  QList<Container> containers;
  Marker marker = Marker::None;  ///< Of the list item that begins with this block.
  int number = 0;                ///< Marker::Number.
  int level = 0;                 ///< Heading: 1 to 6.
  bool tight = false;            ///< In a list whose items follow each other closely.
  RichText text;                 ///< Paragraph, Heading.
  QString language;              ///< Code: the info string's first word.
  QString code;                  ///< Code: without the last line break. Formula: with its delimiters.
  QString formula;               ///< Formula: without them.

  QList<Qt::Alignment> columns;  ///< Table. 0: not said.
  QList<QList<RichText>> rows;   ///< Table; the first is the head.

  bool operator==(const MarkdownBlock&) const = default;
};

/// CommonMark with tables, task lists, strike-through, plain web addresses and formulas ($...$, \(...\), $$...$$,
/// \[...\]). HTML is text like any other. Images become their alternative text. A formula's text is its source.
QList<MarkdownBlock> parseMarkdown(QStringView text);

/// Text as it was typed: one paragraph, nothing interpreted.
MarkdownBlock plainBlock(QString text);

}  // namespace hadal::ui
