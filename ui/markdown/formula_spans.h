#pragma once

#include <QList>
#include <QString>

namespace hadal::ui {

/// A formula in a Markdown text, or the beginning of one that has no end yet.
struct FormulaSpan {
  QString source;        ///< With its delimiters.
  bool display = false;  ///< $$...$$ or \[...\]
  bool open = false;     ///< No end was found: shown as it is.
};

/// Takes the formulas out of Markdown, so that it does not read their * and _, and leaves a mark in the place of each:
/// U+FDD0, the number of the span in decimal, U+FDD1. Code spans and fenced code are left alone. A dollar opens a
/// formula only before a character that is no space and after none that is a letter or digit; it closes one only after
/// such a character and before no letter or digit; and "$5 for x$" is money. Linear in the length of the text.
QString takeFormulas(QStringView markdown, QList<FormulaSpan>& spans);

inline constexpr QChar formulaMark(0xFDD0), formulaMarkEnd(0xFDD1);

/// The span's source without its delimiters.
QString formulaInside(const FormulaSpan& span);

}  // namespace hadal::ui
