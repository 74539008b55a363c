#include "ui/markdown/markdown.h"

#include <md4c.h>

#include <QHash>

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

// Gathers md4c's events into blocks.
class Builder {
 public:
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
  void closeText(RichText& into);

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
  }
  blocks << std::exchange(block_, {});
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
      block_.language = ofAttribute(static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang);
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
      spans_ << OpenSpan{InlineRun::Link, start, ofAttribute(static_cast<MD_SPAN_A_DETAIL*>(detail)->href)};
      break;
    case MD_SPAN_IMG:
      spans_ << OpenSpan{InlineRun::Image, start, ofAttribute(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src)};
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
      rich_.text += QString::fromUtf8(chars, length);
      break;
  }
  return 0;
}

}  // namespace

QList<MarkdownBlock> parseMarkdown(QStringView text) {
  Builder builder;
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
  const QByteArray bytes = text.toUtf8();
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
