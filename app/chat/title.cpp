#include "app/chat/title.h"

#include <QTextBoundaryFinder>

namespace hadal {

QString titleFor(const QString& question) {
  constexpr qsizetype kLongest = 60;
  QString line;
  for (const QString& candidate : question.split(u'\n')) {
    line = candidate.simplified();
    while (line.startsWith(u'#') || line.startsWith(u'>')) line = line.mid(1).trimmed();
    if (!line.isEmpty() && !line.startsWith(u"```")) break;
  }
  if (line.isEmpty()) line = question.simplified();
  if (line.size() <= kLongest) return line;
  // At the end of a word; if one word is that long (or the script has no spaces), at the end of a character.
  QTextBoundaryFinder words(QTextBoundaryFinder::Word, line);
  words.setPosition(kLongest);
  qsizetype end = words.isAtBoundary() ? kLongest : words.toPreviousBoundary();
  if (end < kLongest / 2) {
    QTextBoundaryFinder characters(QTextBoundaryFinder::Grapheme, line);
    characters.setPosition(kLongest);
    end = characters.isAtBoundary() ? kLongest : characters.toPreviousBoundary();
  }
  return line.first(end).trimmed() + QStringLiteral("…");
}

}  // namespace hadal
