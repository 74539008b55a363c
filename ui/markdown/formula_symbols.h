#pragma once

#include "ui/markdown/formula.h"

namespace hadal::ui {

struct FormulaSymbol {
  QString text;
  AtomClass atom = AtomClass::Ordinary;
  bool limits = false, large = false;
};

/// What \name stands for: a character, or a function's name set upright. Null if nobody knows.
std::optional<FormulaSymbol> formulaSymbol(QStringView name);
/// The class of a character that was typed.
AtomClass atomOf(char32_t c);
/// The character of a letter or digit in another alphabet of Unicode's mathematical ones (U+1D400 ff.); 0 if there is
/// none.
char32_t inFace(char32_t c, MathFace face);

}  // namespace hadal::ui
