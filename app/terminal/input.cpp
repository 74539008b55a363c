#include "app/terminal/input.h"

#include <unistd.h>

#include <QCoreApplication>
#include <QStringDecoder>
#include <cerrno>

namespace hadal {

QString decodeInput(const QByteArray& bytes, bool& damaged) {
  QStringDecoder decode(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
  QString text = decode(bytes);
  if (decode.hasError() || text.contains(QChar::Null)) damaged = true;
  return text.replace(QChar::Null, QChar::ReplacementCharacter);
}

QString lostBytes() {
  return QCoreApplication::translate("Terminal",
                                     "The text is not UTF-8 throughout; what could not be read became U+FFFD.");
}

StandardInput readStandardInput() {
  constexpr qsizetype kLongest = 8 << 20;
  QByteArray all;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {};
    if (count == 0) return {all, true, false};
    all.append(buffer, count);
    if (all.size() > kLongest) return {{}, false, true};
  }
}

}  // namespace hadal
