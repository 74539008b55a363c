#include "ui/markdown/block_splitter.h"

namespace hadal::ui {

/// What matters of a line.
struct BlockSplitter::Line {
  int indent = 0;
  QStringView rest;  ///< Without the indentation.

  explicit Line(QStringView text) {
    qsizetype at = 0;
    for (; at < text.size(); ++at) {
      if (text[at] == QLatin1Char(' ')) {
        ++indent;
      } else if (text[at] == QLatin1Char('\t')) {
        indent += 4 - indent % 4;
      } else {
        break;
      }
    }
    rest = text.mid(at);
  }

  bool blank() const { return rest.trimmed().isEmpty(); }

  bool listMarker() const {
    if (rest.isEmpty()) return false;
    qsizetype at = 0;
    if (QStringView(u"-*+").contains(rest[0])) {
      at = 1;
    } else {
      while (at < rest.size() && at < 9 && rest[at].isDigit()) ++at;
      if (at == 0 || at >= rest.size() || !QStringView(u".)").contains(rest[at])) return false;
      ++at;
    }
    return at >= rest.size() || rest[at].isSpace();
  }

  bool heading() const {
    qsizetype at = 0;
    while (at < rest.size() && rest[at] == QLatin1Char('#')) ++at;
    return indent <= 3 && at >= 1 && at <= 6 && (at >= rest.size() || rest[at].isSpace());
  }

  /// Length of the run of ` or ~ at the start, if it can open or close a code block.
  int fence() const {
    if (rest.isEmpty() || !QStringView(u"`~").contains(rest[0])) return 0;
    qsizetype at = 0;
    while (at < rest.size() && rest[at] == rest[0]) ++at;
    if (at < 3 || (rest[0] == QLatin1Char('`') && rest.mid(at).contains(QLatin1Char('`')))) return 0;
    return static_cast<int>(at);
  }
};

bool BlockSplitter::endsBefore(const Line& line) const {
  if (closed_) return true;
  if (!fence_.isNull() || line.blank() || line.indent > 3) return false;
  if (list_) {
    // An indented line, or another item, belongs to the list.
    return line.indent == 0 && !line.listMarker() && (blankBefore_ || line.heading());
  }
  return blankBefore_ || line.heading() || (line.indent == 0 && line.fence() > 0);
}

void BlockSplitter::take(const Line& line) {
  closed_ = false;
  if (!fence_.isNull()) {
    const int length = line.fence();
    if (length >= fenceLength_ && line.rest[0] == fence_ && line.rest.mid(length).trimmed().isEmpty()) {
      fence_ = QChar();
      closed_ = !list_ && line.indent <= 3;
    }
    blankBefore_ = false;
    return;
  }
  if (const int length = line.fence(); length > 0 && (line.indent <= 3 || list_)) {
    fence_ = line.rest[0];
    fenceLength_ = length;
  } else if (!list_ && line.heading()) {
    closed_ = true;
  }
  blankBefore_ = line.blank();
}

QStringList BlockSplitter::append(QStringView more) {
  open_ += more;
  QStringList finished;
  qsizetype pieceStart = 0;
  for (;;) {
    const qsizetype end = open_.indexOf(QLatin1Char('\n'), scanned_);
    if (end < 0) break;
    QStringView text = QStringView(open_).mid(scanned_, end - scanned_);
    if (text.endsWith(QLatin1Char('\r'))) text.chop(1);
    const Line line(text);
    const bool first = scanned_ == pieceStart;
    if (!first && endsBefore(line)) {
      finished << open_.mid(pieceStart, scanned_ - pieceStart);
      pieceStart = scanned_;
    }
    if (scanned_ == pieceStart) {
      list_ = line.indent <= 3 && line.listMarker();
      blankBefore_ = false;
      fence_ = QChar();
    }
    take(line);
    scanned_ = end + 1;
  }
  if (pieceStart > 0) {
    open_.remove(0, pieceStart);
    scanned_ -= pieceStart;
  }
  return finished;
}

}  // namespace hadal::ui
