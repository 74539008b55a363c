#include "ui/markdown/markdown.h"

#include <md4c.h>

#include <QHash>
#include <algorithm>

#include "ui/markdown/formula_spans.h"

namespace hadal::ui {

namespace {

QString ofAttribute(const MD_ATTRIBUTE& attribute) {
  return QString::fromUtf8(attribute.text, static_cast<qsizetype>(attribute.size));
}

QString decodeEntity(const QByteArray& entity) {
  if (entity.startsWith("&#")) {
    const bool hex = entity.size() > 2 && (entity[2] == 'x' || entity[2] == 'X');
    bool ok = false;
    const uint code = entity.mid(hex ? 3 : 2, entity.size() - (hex ? 4 : 3)).toUInt(&ok, hex ? 16 : 10);
    const bool scalar = ok && code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return scalar ? QString::fromUcs4(reinterpret_cast<const char32_t*>(&code), 1)
                  : QString(QChar(QChar::ReplacementCharacter));
  }
  static const QHash<QByteArray, QString> known{
      {"&amp;", QStringLiteral("&")},    {"&lt;", QStringLiteral("<")},    {"&gt;", QStringLiteral(">")},
      {"&quot;", QStringLiteral("\"")},  {"&apos;", QStringLiteral("'")},  {"&nbsp;", QStringLiteral(" ")},
      {"&copy;", QStringLiteral("©")},   {"&mdash;", QStringLiteral("—")}, {"&ndash;", QStringLiteral("–")},
      {"&hellip;", QStringLiteral("…")}, {"&times;", QStringLiteral("×")}, {"&deg;", QStringLiteral("°")},
      {"&rarr;", QStringLiteral("→")},   {"&larr;", QStringLiteral("←")},
  };
  return known.value(entity, QString::fromUtf8(entity));
}

// From `start` on for `length` characters, without the space and the line breaks at its ends.
RichText part(const RichText& whole, qsizetype start, qsizetype length) {
  const auto blank = [&](qsizetype at) { return whole.text[at].isSpace(); };
  qsizetype end = start + length;
  while (start < end && blank(start)) ++start;
  while (end > start && blank(end - 1)) --end;
  RichText result;
  if (start == end) return result;
  result.text = whole.text.mid(start, end - start);
  for (InlineRun run : whole.runs) {
    const qsizetype from = qMax<qsizetype>(run.start, start), to = qMin<qsizetype>(run.start + run.length, end);
    if (from >= to) continue;
    run.start = static_cast<int>(from - start);
    run.length = static_cast<int>(to - from);
    result.runs << run;
  }
  return result;
}

// Gathers md4c's events into blocks.
class Builder {
 public:
  explicit Builder(const QList<FormulaSpan>& formulas) : formulas_(formulas) {}
  QList<MarkdownBlock> blocks;

  int enterBlock(MD_BLOCKTYPE type, void* detail);
  int leaveBlock(MD_BLOCKTYPE type);
  int enterSpan(MD_SPANTYPE type, void* detail);
  int leaveSpan(MD_SPANTYPE type);
  int text(MD_TEXTTYPE type, const MD_CHAR* chars, MD_SIZE size);

 private:
  struct ListLevel {
    bool numbered;
    int next;
    bool tight;
  };
  struct OpenSpan {
    int flag;
    int start;
    QString target;
  };

  void begin(MarkdownBlock::Kind kind);
  void finish();
  void finishParagraph();
  void closeText(RichText& into);
  /// Text with the formulas back in their places: as they were written, or as runs.
  QString restored(const QString& text) const;
  void addText(const QString& text);
  template <class Plain, class Formula>
  void eachPart(const QString& text, Plain plain, Formula formula) const;

  const QList<FormulaSpan>& formulas_;
  QList<Container> containers_;
  QList<ListLevel> lists_;
  MarkdownBlock::Marker marker_ = MarkdownBlock::Marker::None;
  int number_ = 0;
  bool open_ = false;
  MarkdownBlock block_;
  RichText rich_;
  QList<OpenSpan> spans_;
};

void Builder::begin(MarkdownBlock::Kind kind) {
  if (open_) finish();
  block_ = {};
  block_.kind = kind;
  block_.containers = containers_;
  block_.marker = std::exchange(marker_, MarkdownBlock::Marker::None);
  block_.number = block_.marker == MarkdownBlock::Marker::Number ? number_ : 0;
  block_.tight = !lists_.isEmpty() && lists_.last().tight;
  rich_ = {};
  open_ = true;
}

void Builder::closeText(RichText& into) {
  while (rich_.text.endsWith(QChar::LineSeparator)) rich_.text.chop(1);
  into = std::exchange(rich_, {});
}

void Builder::finish() {
  if (!open_) return;
  open_ = false;
  if (block_.kind == MarkdownBlock::Kind::Code) {
    block_.code = rich_.text;
    while (block_.code.endsWith(QLatin1Char('\n'))) block_.code.chop(1);
    rich_ = {};
  } else if (block_.kind == MarkdownBlock::Kind::Paragraph || block_.kind == MarkdownBlock::Kind::Heading) {
    closeText(block_.text);
    const bool empty = block_.text.text.isEmpty() && block_.marker == MarkdownBlock::Marker::None;
    if (empty) return;
    if (block_.kind == MarkdownBlock::Kind::Paragraph) return finishParagraph();
  }
  blocks << std::exchange(block_, {});
}

// A displayed formula stands in a block of its own, between what is said before and after it.
void Builder::finishParagraph() {
  const MarkdownBlock whole = std::exchange(block_, {});
  MarkdownBlock next = whole;
  qsizetype from = 0;
  const auto put = [&](qsizetype to) {
    next.text = part(whole.text, from, to - from);
    if (!next.text.text.isEmpty() || next.marker != MarkdownBlock::Marker::None) blocks << next;
    next.marker = MarkdownBlock::Marker::None;
    next.number = 0;
  };
  for (const InlineRun& run : whole.text.runs) {
    if (!(run.flags & InlineRun::Display)) continue;
    put(run.start);
    MarkdownBlock formula;
    formula.kind = MarkdownBlock::Kind::Formula;
    formula.containers = whole.containers;
    formula.code = whole.text.text.mid(run.start, run.length).replace(QChar(QChar::LineSeparator), QLatin1Char('\n'));
    formula.formula = run.target;
    blocks << formula;
    from = run.start + run.length;
  }
  if (from == 0) {
    blocks << whole;
  } else {
    put(whole.text.text.size());
  }
}

template <class Plain, class Formula>
void Builder::eachPart(const QString& text, Plain plain, Formula formula) const {
  qsizetype from = 0;
  for (qsizetype mark; (mark = text.indexOf(formulaMark, from)) >= 0;) {
    const qsizetype end = text.indexOf(formulaMarkEnd, mark);
    bool ok = false;
    const int number = end < 0 ? -1 : QStringView(text).mid(mark + 1, end - mark - 1).toInt(&ok);
    if (!ok || number < 0 || number >= formulas_.size()) break;
    plain(text.mid(from, mark - from));
    formula(formulas_[number]);
    from = end + 1;
  }
  plain(text.mid(from));
}

QString Builder::restored(const QString& text) const {
  QString result;
  eachPart(
      text, [&](const QString& plain) { result += plain; },
      [&](const FormulaSpan& formula) { result += formula.source; });
  return result;
}

void Builder::addText(const QString& text) {
  const bool code =
      block_.kind == MarkdownBlock::Kind::Code ||
      std::any_of(spans_.begin(), spans_.end(), [](const OpenSpan& s) { return s.flag == InlineRun::Code; });
  if (code) {
    rich_.text += restored(text);
    return;
  }
  eachPart(
      text, [this](const QString& plain) { rich_.text += plain; },
      [this](const FormulaSpan& formula) {
        const int start = static_cast<int>(rich_.text.size());
        QString source = formula.source;
        const bool lines = formula.display || formula.open;
        rich_.text += source.replace(QLatin1Char('\n'), lines ? QChar(QChar::LineSeparator) : QChar(QLatin1Char(' ')));
        if (formula.open) return;
        rich_.runs << InlineRun{start, static_cast<int>(source.size()),
                                formula.display ? InlineRun::Formula | InlineRun::Display : InlineRun::Formula,
                                formulaInside(formula)};
      });
}

int Builder::enterBlock(MD_BLOCKTYPE type, void* detail) {
  using Kind = MarkdownBlock::Kind;
  switch (type) {
    case MD_BLOCK_QUOTE:
      finish();
      containers_ << Container::Quote;
      break;
    case MD_BLOCK_UL:
      finish();
      lists_ << ListLevel{false, 0, static_cast<MD_BLOCK_UL_DETAIL*>(detail)->is_tight != 0};
      containers_ << Container::List;
      break;
    case MD_BLOCK_OL: {
      finish();
      const auto* list = static_cast<MD_BLOCK_OL_DETAIL*>(detail);
      lists_ << ListLevel{true, static_cast<int>(list->start), list->is_tight != 0};
      containers_ << Container::List;
      break;
    }
    case MD_BLOCK_LI: {
      finish();
      const auto* item = static_cast<MD_BLOCK_LI_DETAIL*>(detail);
      ListLevel& list = lists_.last();
      number_ = list.next++;
      marker_ = item->is_task
                    ? (item->task_mark == ' ' ? MarkdownBlock::Marker::TaskOpen : MarkdownBlock::Marker::TaskDone)
                : list.numbered ? MarkdownBlock::Marker::Number
                                : MarkdownBlock::Marker::Bullet;
      begin(Kind::Paragraph);  // The text of a tight item comes without a paragraph around it.
      break;
    }
    case MD_BLOCK_P:
      // The first paragraph of a loose item is the one its item opened.
      if (!(open_ && block_.kind == Kind::Paragraph && rich_.text.isEmpty() &&
            block_.marker != MarkdownBlock::Marker::None)) {
        begin(Kind::Paragraph);
      }
      break;
    case MD_BLOCK_H:
      begin(Kind::Heading);
      block_.level = static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
      break;
    case MD_BLOCK_CODE:
      begin(Kind::Code);
      block_.language = restored(ofAttribute(static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang));
      break;
    case MD_BLOCK_HR:
      begin(Kind::Rule);
      break;
    case MD_BLOCK_TABLE:
      begin(Kind::Table);
      break;
    case MD_BLOCK_TR:
      block_.rows.append(QList<RichText>());
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      rich_ = {};
      if (type == MD_BLOCK_TH) {
        const MD_ALIGN align = static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align;
        block_.columns << (align == MD_ALIGN_RIGHT    ? Qt::Alignment(Qt::AlignRight)
                           : align == MD_ALIGN_CENTER ? Qt::Alignment(Qt::AlignHCenter)
                           : align == MD_ALIGN_LEFT   ? Qt::Alignment(Qt::AlignLeft)
                                                      : Qt::Alignment());
      }
      break;
    default:
      break;
  }
  return 0;
}

int Builder::leaveBlock(MD_BLOCKTYPE type) {
  switch (type) {
    case MD_BLOCK_QUOTE:
      finish();
      containers_.removeLast();
      break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      finish();
      containers_.removeLast();
      lists_.removeLast();
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: {
      RichText cell;
      closeText(cell);
      block_.rows.last() << cell;
      break;
    }
    case MD_BLOCK_LI:
    case MD_BLOCK_P:
    case MD_BLOCK_H:
    case MD_BLOCK_CODE:
    case MD_BLOCK_HR:
    case MD_BLOCK_TABLE:
      finish();
      break;
    default:
      break;
  }
  return 0;
}

int Builder::enterSpan(MD_SPANTYPE type, void* detail) {
  const int start = static_cast<int>(rich_.text.size());
  switch (type) {
    case MD_SPAN_EM:
      spans_ << OpenSpan{InlineRun::Italic, start, {}};
      break;
    case MD_SPAN_STRONG:
      spans_ << OpenSpan{InlineRun::Bold, start, {}};
      break;
    case MD_SPAN_CODE:
      spans_ << OpenSpan{InlineRun::Code, start, {}};
      break;
    case MD_SPAN_DEL:
      spans_ << OpenSpan{InlineRun::Strike, start, {}};
      break;
    case MD_SPAN_A:
      spans_ << OpenSpan{InlineRun::Link, start, restored(ofAttribute(static_cast<MD_SPAN_A_DETAIL*>(detail)->href))};
      break;
    case MD_SPAN_IMG:
      spans_ << OpenSpan{InlineRun::Image, start, restored(ofAttribute(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src))};
      break;
    default:
      spans_ << OpenSpan{0, start, {}};
      break;
  }
  return 0;
}

int Builder::leaveSpan(MD_SPANTYPE) {
  const OpenSpan span = spans_.takeLast();
  // A picture without words still has to be seen to be missing.
  if (span.flag == InlineRun::Image && rich_.text.size() == span.start) {
    rich_.text += span.target.section(QLatin1Char('/'), -1).left(80);
  }
  const int length = static_cast<int>(rich_.text.size()) - span.start;
  if (span.flag != 0 && length > 0) rich_.runs << InlineRun{span.start, length, span.flag, span.target};
  return 0;
}

int Builder::text(MD_TEXTTYPE type, const MD_CHAR* chars, MD_SIZE size) {
  const auto length = static_cast<qsizetype>(size);
  if (!open_ && block_.kind != MarkdownBlock::Kind::Table) begin(MarkdownBlock::Kind::Paragraph);
  switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
      rich_.text += QChar(QChar::LineSeparator);
      break;
    case MD_TEXT_NULLCHAR:
      rich_.text += QChar(QChar::ReplacementCharacter);
      break;
    case MD_TEXT_ENTITY:
      rich_.text += decodeEntity(QByteArray(chars, length));
      break;
    default:
      addText(QString::fromUtf8(chars, length));
      break;
  }
  return 0;
}

}  // namespace

QList<MarkdownBlock> parseMarkdown(QStringView text) {
  QList<FormulaSpan> formulas;
  const QByteArray bytes = takeFormulas(text, formulas).toUtf8();
  Builder builder(formulas);
  MD_PARSER parser{};
  parser.flags =
      MD_FLAG_TABLES | MD_FLAG_TASKLISTS | MD_FLAG_STRIKETHROUGH | MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_NOHTML;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* b) {
    return static_cast<Builder*>(b)->enterBlock(type, detail);
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* b) { return static_cast<Builder*>(b)->leaveBlock(type); };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* b) {
    return static_cast<Builder*>(b)->enterSpan(type, detail);
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* b) { return static_cast<Builder*>(b)->leaveSpan(type); };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* chars, MD_SIZE size, void* b) {
    return static_cast<Builder*>(b)->text(type, chars, size);
  };
  if (md_parse(bytes.constData(), static_cast<MD_SIZE>(bytes.size()), &parser, &builder) != 0) {
    return {plainBlock(text.toString())};
  }
  return builder.blocks;
}

MarkdownBlock plainBlock(QString text) {
  MarkdownBlock block;
  text.replace(QLatin1Char('\n'), QChar(QChar::LineSeparator));
  block.text.text = std::move(text);
  return block;
}

}  // namespace hadal::ui
