#pragma once

#include <QString>

namespace hadal {

/// Writes to the standard output at once. False once the reader has gone.
bool print(const QString& text);
/// One sentence, on the standard error.
void printError(const QString& sentence);

}  // namespace hadal
