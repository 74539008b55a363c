#pragma once

#include <QString>
#include <QStringList>

namespace hadal {

/// Writes to the standard output at once. False once that failed; why, it has said then, except of a reader that went
/// away.
bool print(const QString& text);
/// One sentence, on the standard error.
void printError(const QString& sentence);

/// The same for sentences that may come by several ways: each is said once.
class Complaints {
 public:
  void say(const QString& sentence);

 private:
  QStringList said_;
};

}  // namespace hadal
