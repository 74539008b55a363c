#include "app/terminal/output.h"

#include <cstdio>

namespace hadal {

namespace {

bool writeAll(std::FILE* file, const QString& text) {
  const QByteArray bytes = text.toUtf8();
  const auto size = static_cast<std::size_t>(bytes.size());
  return std::fwrite(bytes.constData(), 1, size, file) == size && std::fflush(file) == 0;
}

}  // namespace

bool print(const QString& text) {
  return writeAll(stdout, text);
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
