#pragma once

#include <QByteArray>
#include <QString>

namespace hadal {

/// What a person typed or a pipe brought. Bytes that are no UTF-8, and NUL, which no text contains, become U+FFFD; then
/// `damaged` is set, and lostBytes() is to be said.
QString decodeInput(const QByteArray& bytes, bool& damaged);
QString lostBytes();

struct StandardInput {
  QByteArray bytes;       ///< Nothing unless complete.
  bool complete = false;  ///< It was read to its end.
  bool tooLong = false;   ///< It is longer than a question can be.
};

/// All of the standard input, read before there is an event loop.
StandardInput readStandardInput();

}  // namespace hadal
