#include "app/terminal/output.h"

#include <QCoreApplication>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace hadal {

namespace {

bool writeAll(std::FILE* file, const QString& text) {
  const QByteArray bytes = text.toUtf8();
  const auto size = static_cast<std::size_t>(bytes.size());
  return std::fwrite(bytes.constData(), 1, size, file) == size && std::fflush(file) == 0;
}

}  // namespace

bool print(const QString& text) {
  // The stream remembers that it failed, and so that it was said.
  if (std::ferror(stdout)) return false;
  if (writeAll(stdout, text)) return true;
  const int number = errno;
  if (number != EPIPE) {
    printError(QCoreApplication::translate("Terminal", "The output cannot be written: %1.")
                   .arg(QString::fromStdString(std::generic_category().message(number))));
  }
  return false;
}

void Complaints::say(const QString& sentence) {
  if (said_.contains(sentence)) return;
  said_.append(sentence);
  printError(sentence);
}

void printError(const QString& sentence) {
  writeAll(stderr, QStringLiteral("hadal: ") + sentence + u'\n');
}

}  // namespace hadal
