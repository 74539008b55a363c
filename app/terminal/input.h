#pragma once

#include <QByteArray>
#include <QString>

namespace hadal {

/// What a person typed or a pipe brought. Bytes that are no UTF-8, and NUL, which no text contains, become U+FFFD; then
/// `damaged` is set, and lostBytes() is to be said.
QString decodeInput(const QByteArray& bytes, bool& damaged);
QString lostBytes();

/// All of the standard input, read before there is an event loop. Nothing if it cannot be read or is longer than a
/// question can be.
QByteArray readStandardInput();

}  // namespace hadal
