#include "ui/widgets/phrases.h"

#include <QFontMetricsF>

namespace hadal::ui {

namespace {

constexpr QChar joint(0x200B);

bool pausesAfter(QChar c) {
  return c == joint || c.isSpace() || QStringView(u"，。、；：！？）》”").contains(c);
}

QStringList piecesOf(const QString& text) {
  QStringList pieces;
  qsizetype start = 0;
  for (qsizetype at = 0; at < text.size(); ++at) {
    const bool last = at + 1 == text.size();
    if (!last && (!pausesAfter(text[at]) || pausesAfter(text[at + 1]))) continue;
    pieces << withoutJoints(text.mid(start, at + 1 - start));
    start = at + 1;
  }
  return pieces;
}

QString trimmedEnd(QString line) {
  while (!line.isEmpty() && line.back().isSpace()) line.chop(1);
  return line;
}

}  // namespace

QString withoutJoints(QString text) {
  return text.remove(joint);
}

QStringList phraseLines(const QString& text, const QFont& font, qreal width) {
  const QFontMetricsF metrics(font);
  const auto fits = [&](const QString& line) { return metrics.horizontalAdvance(trimmedEnd(line)) <= width; };
  QStringList lines;
  QString line;
  const auto finish = [&] {
    if (!line.isEmpty()) lines << trimmedEnd(std::exchange(line, {}));
  };
  for (const QString& piece : piecesOf(text)) {
    if (!fits(line + piece)) finish();
    line += piece;
    while (!fits(line) && line.size() > 1) {
      qsizetype taken = 1;
      while (taken + 1 < line.size() && fits(line.left(taken + 1))) ++taken;
      lines << line.left(taken);
      line.remove(0, taken);
    }
  }
  finish();
  return lines;
}

}  // namespace hadal::ui
