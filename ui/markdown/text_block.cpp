#include "ui/markdown/text_block.h"

#include <QLocale>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr qreal listIndent = 24, quoteIndent = 16;

QFont faceOf(const MarkdownBlock& block) {
  if (block.kind != MarkdownBlock::Kind::Heading) return typeface(Type::Body);
  QFont face = typeface(block.level <= 2 ? Type::Section : Type::Body, QFont::DemiBold);
  if (block.level == 1) face.setPixelSize(18);
  return face;
}

int lineHeightOf(const MarkdownBlock& block) {
  if (block.kind != MarkdownBlock::Kind::Heading) return line::reading;
  return block.level == 1 ? 26 : block.level == 2 ? line::section : line::reading;
}

}  // namespace

qreal indentOf(const QList<Container>& containers) {
  qreal x = 0;
  for (const Container container : containers) x += container == Container::List ? listIndent : quoteIndent;
  return x;
}

void paintQuoteBars(QPainter& painter, const QList<Container>& containers, qreal height) {
  qreal x = 0;
  for (const Container container : containers) {
    // The bar reaches into the gap above, so that the paragraphs of one quote hang together.
    if (container == Container::Quote) painter.fillRect(QRectF(x + 1, 0, 3, height), colour(Role::BorderStrong));
    x += container == Container::List ? listIndent : quoteIndent;
  }
}

TextBlock::TextBlock(const MarkdownBlock& block, const ProseStyle& style)
    : BlockView(block),
      layout_(block.text, faceOf(block), lineHeightOf(block),
              block.containers.contains(Container::Quote) ? Role::TextMuted : style.ink),
      indent_(indentOf(block.containers)),
      ink_(style.ink) {}

qreal TextBlock::lay(qreal column, qreal measure) {
  height = layout_.lay(qMin(column, measure) - indent_);
  return height;
}

void TextBlock::paint(QPainter& painter, const BlockMarks& marks, const QRectF& exposed) const {
  paintQuoteBars(painter, block_.containers, height);
  if (block_.marker != MarkdownBlock::Marker::None) paintMarker(painter);
  layout_.paint(painter, QPointF(indent_, 0), marks, static_cast<int>(prefix().size()), exposed);
}

void TextBlock::paintMarker(QPainter& painter) const {
  using Marker = MarkdownBlock::Marker;
  const qreal middle = line::reading / 2.0;
  const QString number = QStringLiteral("%1.").arg(block_.number);
  const QRectF box(indent_ - 21, middle - 7.5, 15, 15);
  switch (block_.marker) {
    case Marker::Bullet:
      drawCard(painter, QRectF(indent_ - 15, middle - 2.5, 5, 5), 2.5, colour(Role::TextMuted));
      break;
    case Marker::Number:
      painter.setFont(figures(Type::Body));
      painter.setPen(colour(Role::TextMuted));
      painter.drawText(
          QPointF(indent_ - 8 - QFontMetricsF(painter.font()).horizontalAdvance(number), layout_.firstBaseline()),
          number);
      break;
    case Marker::TaskOpen:
      drawCard(painter, box, 4, colour(Role::Surface), colour(Role::Control), 1.5);
      break;
    case Marker::TaskDone:
      drawCard(painter, box, 4, colour(Role::Accent));
      drawIcon(painter, box.toRect(), QStringLiteral("check"), Role::OnAccent, 12);
      break;
    case Marker::None:
      break;
  }
}

// The mark of a list item is part of what copying gives.
QString TextBlock::prefix() const {
  using Marker = MarkdownBlock::Marker;
  const auto lists = block_.containers.count(Container::List);
  const QString indent(lists > 1 ? 2 * (lists - 1) : 0, QLatin1Char(' '));
  switch (block_.marker) {
    case Marker::Bullet:
      return indent + QStringLiteral("- ");
    case Marker::Number:
      return indent + QStringLiteral("%1. ").arg(block_.number);
    case Marker::TaskOpen:
      return indent + QStringLiteral("- [ ] ");
    case Marker::TaskDone:
      return indent + QStringLiteral("- [x] ");
    case Marker::None:
      return {};
  }
  return {};
}

QString TextBlock::text() const {
  QString result = prefix() + layout_.text();
  return result.replace(QChar(QChar::LineSeparator), QLatin1Char('\n'));
}

int TextBlock::offsetAt(const QPointF& at) const {
  const int before = static_cast<int>(prefix().size());
  return at.x() < indent_ - 4 && at.y() < line::reading ? 0 : before + layout_.offsetAt(at - QPointF(indent_, 0));
}

QRectF TextBlock::caretAt(int offset) const {
  return layout_.caretAt(offset - static_cast<int>(prefix().size())).translated(indent_, 0);
}

const InlineRun* TextBlock::linkAt(const QPointF& at) const {
  return layout_.linkAt(at - QPointF(indent_, 0));
}

}  // namespace hadal::ui
