#include "ui/chat/conversation_delegate.h"

#include <QLineEdit>
#include <QTextLayout>

#include "ui/chat/conversation_model.h"
#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr int margin = 8, left = 12, right = 8, hitHeight = 52, groupGap = 8;

QRect inside(const QRect& row) {
  return row.adjusted(margin, 0, -margin, 0);
}

// The words that were searched for stand between U+0002 and U+0003.
void drawSnippet(QPainter& painter, const QRect& rect, const QString& marked) {
  QString plain;
  QList<QTextLayout::FormatRange> ranges;
  int start = -1;
  for (const QChar c : marked) {
    if (c == QChar(2)) {
      start = static_cast<int>(plain.size());
    } else if (c == QChar(3)) {
      QTextLayout::FormatRange range;
      range.start = start;
      range.length = static_cast<int>(plain.size()) - start;
      range.format.setForeground(colour(Role::Accent));
      range.format.setFontWeight(QFont::DemiBold);
      if (start >= 0) ranges << range;
      start = -1;
    } else {
      plain += c;
    }
  }
  QTextLayout layout(QFontMetrics(typeface(Type::Caption)).elidedText(plain, Qt::ElideRight, rect.width()),
                     typeface(Type::Caption));
  layout.setFormats(ranges);
  layout.beginLayout();
  QTextLine line = layout.createLine();
  layout.endLayout();
  if (!line.isValid()) return;
  painter.setPen(colour(Role::TextMuted));
  layout.draw(&painter, QPointF(rect.x(), rect.y() + (rect.height() - line.height()) / 2));
}

}  // namespace

QRect ConversationDelegate::moreRect(const QRect& row) {
  const QRect area = inside(row);
  return {area.right() - 4 - 24 + 1, area.y() + (34 - 24) / 2, 24, 24};
}

void ConversationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
  const QRect row = inside(option.rect);
  if (index.data(ConversationModel::IsGroupRole).toBool()) {
    const QRect head(row.x() + left, option.rect.bottom() - size::groupHead + 1, row.width() - left, size::groupHead);
    drawLine(*painter, head, index.data().toString(), typeface(Type::Caption, QFont::DemiBold),
             colour(Role::TextMuted));
    return;
  }
  // Of a search, the chat is open, not each of its hits.
  const bool hit = index.data(ConversationModel::MessageRole).toLongLong() != 0;
  const bool open = !hit && index.data(ConversationModel::IdRole).toLongLong() == open_;
  const bool hover = option.state & QStyle::State_MouseOver;
  const bool focus =
      (option.state & QStyle::State_HasFocus) && (byKeys_ || (option.state & QStyle::State_KeyboardFocusChange));
  if (open) {
    drawCard(*painter, row, radius::control, colour(Role::AccentSoft));
  } else if (hover) {
    drawCard(*painter, row, radius::control, colour(Role::Hover));
  }
  if (focus) drawFocusRing(*painter, row, radius::control);

  const QString snippet = index.data(ConversationModel::SnippetRole).toString();
  const QRect first(row.x() + left, row.y() + (snippet.isEmpty() ? 0 : 4), row.width() - left - right,
                    snippet.isEmpty() ? row.height() : 24);
  const QFont timeFont = figures(Type::Caption);
  QString trailing = index.data(ConversationModel::TimeRole).toString();
  int used = QFontMetrics(timeFont).horizontalAdvance(trailing);
  if (hover) {
    used = 24;
    drawIcon(*painter, moreRect(option.rect), QStringLiteral("more"), Role::TextMuted, size::icon);
  } else if (index.data(ConversationModel::PinnedRole).toBool() && snippet.isEmpty()) {
    used = size::iconSmall;
    drawIcon(*painter, QRect(first.right() - used + 1, first.y(), used, first.height()), QStringLiteral("pin"),
             Role::TextMuted, size::iconSmall);
  } else {
    drawLine(*painter, QRect(first.right() - used + 1, first.y(), used + 1, first.height()), trailing, timeFont,
             colour(Role::TextMuted));
  }
  drawLine(*painter, first.adjusted(0, 0, -used - space::s, 0), index.data().toString(),
           typeface(Type::Body, open ? QFont::Medium : 0), colour(Role::Text));
  if (!snippet.isEmpty()) {
    drawSnippet(*painter, QRect(first.x(), first.bottom() + 1, first.width(), 18), snippet);
  }
}

QSize ConversationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  if (index.data(ConversationModel::IsGroupRole).toBool()) {
    return {option.rect.width(), size::groupHead + (index.row() > 0 ? groupGap : 0)};
  }
  return {option.rect.width(), index.data(ConversationModel::SnippetRole).toString().isEmpty() ? size::row : hitHeight};
}

QWidget* ConversationDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const {
  auto* editor = new QLineEdit(parent);
  editor->setAccessibleName(tr("Name of the chat"));
  editor->setMaxLength(200);
  return editor;
}

void ConversationDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                                const QModelIndex&) const {
  QRect place = inside(option.rect).adjusted(4, 1, -4, -1);
  place.setTop(place.bottom() - qMin(place.height(), size::field) + 1);
  editor->setGeometry(place);
}

}  // namespace hadal::ui
