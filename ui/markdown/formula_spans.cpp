#include "ui/markdown/formula_spans.h"

#include <QRegularExpression>
#include <algorithm>

namespace hadal::ui {

namespace {

bool isWord(QChar c) {
  return c.isLetterOrNumber();
}

bool isCjk(QChar c) {
  return c.unicode() >= 0x2E80 && c.unicode() <= 0x9FFF;
}

// "$5 for the first and 6$" is money, and so is what has Chinese words in it without \text.
bool isProse(QStringView inside) {
  static const QRegularExpression money(QStringLiteral("^\\d[\\d.,]*\\s+\\p{L}{2,}"));
  if (inside.contains(QLatin1Char('\\'))) return false;
  return money.matchView(inside).hasMatch() || std::any_of(inside.begin(), inside.end(), isCjk);
}

class Finder {
 public:
  Finder(QStringView text, QList<FormulaSpan>& spans) : text_(text), spans_(spans) {}

  QString take() {
    while (at_ < text_.size()) {
      if (at_ == 0 || text_[at_ - 1] == u'\n') startLine();
      if (at_ >= text_.size()) break;
      step();
    }
    return std::move(out_);
  }

 private:
  QStringView restOfLine() {
    if (at_ > lineEnd_) {
      const qsizetype end = text_.indexOf(u'\n', at_);
      lineEnd_ = end < 0 ? text_.size() : end;
    }
    return text_.mid(at_, lineEnd_ - at_);
  }
  qsizetype runOf(QChar c, qsizetype from) const {
    qsizetype end = from;
    while (end < text_.size() && text_[end] == c) ++end;
    return end - from;
  }
  void copy(qsizetype count) {
    for (const QChar c : text_.mid(at_, count)) {
      // What looks like a mark of ours in the text is none.
      out_ += c == formulaMark || c == formulaMarkEnd ? QChar(QChar::ReplacementCharacter) : c;
    }
    at_ += count;
  }

  /// Whole lines of fenced code are copied.
  void startLine() {
    for (;;) {
      const QStringView line = restOfLine();
      QStringView inner = line.trimmed();
      while (inner.startsWith(u'>')) inner = inner.mid(1).trimmed();
      if (inner.startsWith(u"- ") || inner.startsWith(u"* ")) inner = inner.mid(2).trimmed();
      const QChar mark = inner.isEmpty() ? QChar() : inner[0];
      const bool fence = inner.startsWith(u"```") || inner.startsWith(u"~~~");
      if (fence && fence_.isNull() && !(mark == u'`' && inner.mid(3).contains(u'`'))) {
        fence_ = mark;
      } else if (fence && mark == fence_) {
        fence_ = QChar();
      } else if (fence_.isNull()) {
        return;
      }
      copy(qMin(line.size() + 1, text_.size() - at_));
      if (at_ >= text_.size()) return;
    }
  }

  void step() {
    const QChar c = text_[at_];
    const QChar next = at_ + 1 < text_.size() ? text_[at_ + 1] : QChar();
    if (c == u'`') return codeSpan();
    if (c == u'\\' && (next == u'(' || next == u'[')) return bracketed(next);
    if (c == u'\\') return copy(qMin<qsizetype>(2, text_.size() - at_));
    if (c == u'$' && next == u'$') return doubled();
    if (c == u'$') return single(next);
    copy(1);
  }

  void codeSpan() {
    const qsizetype ticks = runOf(u'`', at_);
    const qsizetype stop = blockEnd();
    qsizetype end = at_ + ticks;
    if (ticks < static_cast<qsizetype>(std::size(noTicks_)) && noTicks_[ticks] == stop) return copy(ticks);
    while ((end = text_.left(stop).indexOf(u'`', end)) >= 0) {
      const qsizetype run = runOf(u'`', end);
      if (run == ticks) return copy(end + run - at_);
      end += run;
    }
    if (ticks < static_cast<qsizetype>(std::size(noTicks_))) noTicks_[ticks] = stop;
    copy(ticks);
  }

  /// Where the paragraph ends: before a blank line, a heading or a fence, by which pieces of a stream end as well.
  qsizetype blockEnd() {
    if (at_ < blockEnd_) return blockEnd_;
    static const QRegularExpression ends(QStringLiteral("\\n(?=[ \\t]*\\r?(\\n|$)| {0,3}(#{1,6}\\s|```|~~~))"));
    const auto match = ends.matchView(text_, at_);
    blockEnd_ = match.hasMatch() ? match.capturedStart() : text_.size();
    return blockEnd_;
  }

  qsizetype find(QStringView closer, qsizetype from, qsizetype stop) const {
    return text_.left(stop).indexOf(closer, from);
  }

  void put(qsizetype end, bool display, bool open) {
    out_ += formulaMark + QString::number(spans_.size()) + formulaMarkEnd;
    spans_ << FormulaSpan{text_.mid(at_, end - at_).toString(), display, open};
    at_ = end;
  }

  void bracketed(QChar bracket) {
    const bool display = bracket == u'[';
    const qsizetype stop = blockEnd();
    qsizetype& none = display ? noSquare_ : noRound_;
    const qsizetype end = none == stop ? -1 : find(display ? u"\\]" : u"\\)", at_ + 2, stop);
    if (end >= 0) return put(end + 2, display, false);
    none = stop;
    // The rest is the formula so far.
    put(display ? stop : qMin(stop, at_ + restOfLine().size()), display, true);
  }

  void doubled() {
    const qsizetype stop = blockEnd();
    const qsizetype end = noDouble_ == stop ? -1 : find(u"$$", at_ + 2, stop);
    if (end >= 0 && text_.mid(at_ + 2, end - at_ - 2).trimmed().isEmpty()) return copy(2);
    if (end >= 0) return put(end + 2, true, false);
    noDouble_ = stop;
    const QStringView before = text_.left(at_);
    const bool startsLine = before.mid(before.lastIndexOf(u'\n') + 1).trimmed().isEmpty();
    if (startsLine && end < 0) return put(stop, true, true);
    copy(2);
  }

  void single(QChar next) {
    const bool opens =
        !next.isNull() && !next.isSpace() && (at_ == 0 || !isWord(text_[at_ - 1]) || isCjk(text_[at_ - 1]));
    const qsizetype stop = qMin(blockEnd(), at_ + restOfLine().size());
    if (!opens || noSingle_ == stop) return copy(1);
    for (qsizetype end = at_ + 1; (end = text_.left(stop).indexOf(u'$', end)) >= 0; ++end) {
      const QChar before = text_[end - 1];
      const QChar after = end + 1 < text_.size() ? text_[end + 1] : QChar();
      const bool closes =
          end > at_ + 1 && !before.isSpace() && before != u'\\' && after != u'$' && (!isWord(after) || isCjk(after));
      if (!closes) continue;
      if (isProse(text_.mid(at_ + 1, end - at_ - 1))) return copy(1);
      return put(end + 1, false, false);
    }
    noSingle_ = stop;
    copy(1);
  }

  QStringView text_;
  QList<FormulaSpan>& spans_;
  QString out_;
  qsizetype at_ = 0;
  QChar fence_;
  qsizetype blockEnd_ = 0, lineEnd_ = -1;
  // Ends of the stretch in which there is no such closer: it need not be looked for again.
  qsizetype noSquare_ = -1, noRound_ = -1, noDouble_ = -1, noSingle_ = -1;
  qsizetype noTicks_[16] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
};

}  // namespace

QString takeFormulas(QStringView markdown, QList<FormulaSpan>& spans) {
  return Finder(markdown, spans).take();
}

QString formulaInside(const FormulaSpan& span) {
  const qsizetype edge =
      span.source.startsWith(QLatin1String("$")) && !span.source.startsWith(QLatin1String("$$")) ? 1 : 2;
  return span.source.mid(edge, span.source.size() - 2 * edge).trimmed();
}

}  // namespace hadal::ui
