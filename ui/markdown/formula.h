#pragma once

#include <QList>
#include <QString>
#include <memory>
#include <optional>
#include <vector>

namespace hadal::ui {

/// TeX's classes of atoms; the space between two neighbours follows from them (The TeXbook, chapter 18).
enum class AtomClass : quint8 { Ordinary, Operator, Binary, Relation, Open, Close, Punctuation, Inner };

/// Which alphabet letters are taken from.
enum class MathFace : quint8 { Italic, Upright, Bold, BoldItalic, Blackboard, Script, Fraktur, Sans, Mono };

struct FormulaNode;
using FormulaPtr = std::unique_ptr<FormulaNode>;

/// A formula as a tree. What `children` are depends on the kind; a missing one is null.
struct FormulaNode {
  enum class Kind : quint8 {
    Row,        ///< any number, side by side
    Symbol,     ///< text: one character; with a face
    Word,       ///< text: \sin, \text{...}: upright or in the face, spaces kept
    Source,     ///< text: a command nobody knows, shown as it was written
    Space,      ///< amount in em
    Fraction,   ///< above, below; amount 0: no rule; text: the style ("d", "t" or none)
    Scripts,    ///< base, below, above
    Root,       ///< radicand, index
    Fenced,     ///< one row; open and close are the delimiters; grows
    Delimiter,  ///< text: the delimiter, amount: its height in em
    Matrix,     ///< columns a row, row by row; text: how columns are aligned
    Accent,     ///< base; text: the accent over it
    Line,       ///< base; text: "over", "under", "box", "overbrace", "underbrace", "overarrow"
    Stack,      ///< base, below, above: always as limits
    Style,      ///< base; amount: 0 display, 1 text, 2 script
  };

  Kind kind = Kind::Row;
  AtomClass atom = AtomClass::Ordinary;
  MathFace face = MathFace::Italic;
  bool limits = false;  ///< Operator: scripts go above and below in display style.
  bool large = false;   ///< Operator: drawn larger.
  int columns = 0;
  double amount = 0;
  QString text;
  QString open, close;
  std::vector<FormulaPtr> children;
};

/// Bounds on what is laid out; beyond them a formula is shown as its source.
inline constexpr qsizetype formulaLength = 4000;
inline constexpr int formulaDepth = 40, formulaNodes = 3000;

/// Reads TeX's mathematics, without the delimiters around it. Null if it is too long, too deep or not well-formed
/// (braces, \left without \right): then the source is shown. Commands nobody knows become Source nodes.
FormulaPtr parseFormula(QStringView source);

}  // namespace hadal::ui
