#include "ui/frame/command_palette.h"

#include <QAction>
#include <QLineEdit>
#include <QLocale>
#include <QStyledItemDelegate>
#include <QTextLayout>

#include "ui/theme/paint.h"
#include "ui/widgets/actions.h"
#include "ui/widgets/keys.h"

namespace hadal::ui {

namespace {

enum PaletteRole { GroupRole = Qt::UserRole, HintRole, IconRole, ShortcutRole, ActionRole, ChatRole, NeedleRole };
constexpr int boxWidth = 640, fromTop = 64, inputHeight = 48, rowHeight = 36, headHeight = 30, shadow = 24;
constexpr int maximumChats = 8, maximumListHeight = 430;

QList<QString> capsOf(const QKeySequence& keys) {
  QString text = keys.toString(QKeySequence::NativeText);
  if (text.endsWith(QLatin1String("++"))) return text.chopped(2).split(QLatin1Char('+')) << QStringLiteral("+");
  return text.split(QLatin1Char('+'), Qt::SkipEmptyParts);
}

int drawCaps(QPainter& painter, int right, const QRect& row, const QStringList& caps) {
  const QFont face = typeface(Type::Caption);
  for (auto cap = caps.rbegin(); cap != caps.rend(); ++cap) {
    const int width = QFontMetrics(face).horizontalAdvance(*cap) + 12;
    const QRect rect(right - width, row.center().y() - 9, width, 20);
    drawCard(painter, rect, radius::small, colour(Role::Raised), colour(Role::Border));
    drawLine(painter, rect, *cap, face, colour(Role::TextMuted), Qt::AlignHCenter);
    right -= width + 4;
  }
  return right;
}

class PaletteDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    return {option.rect.width(), index.data(GroupRole).toBool() ? headHeight : rowHeight};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const QRect row = option.rect.adjusted(8, 0, -8, 0);
    if (index.data(GroupRole).toBool()) {
      drawLine(*painter, row.adjusted(10, 4, 0, 0), index.data().toString(), typeface(Type::Caption, QFont::DemiBold),
               colour(Role::TextMuted));
      return;
    }
    const bool current = option.state & QStyle::State_Selected;
    if (current) {
      drawCard(*painter, row, radius::control, colour(Role::AccentSoft));
    } else if (option.state & QStyle::State_MouseOver) {
      drawCard(*painter, row, radius::control, colour(Role::Hover));
    }
    drawIcon(*painter, QRect(row.x() + 10, row.y(), size::icon, row.height()), index.data(IconRole).toString(),
             current ? Role::Accent : Role::TextMuted, size::icon);
    const int right = drawCaps(*painter, row.right() - 8, row, index.data(ShortcutRole).toStringList());
    drawText(*painter, QRect(row.x() + 40, row.y(), right - row.x() - 48, row.height()), index);
  }

 private:
  static void drawText(QPainter& painter, const QRect& rect, const QModelIndex& index) {
    const QFont face = typeface(Type::Body);
    const QString text = QFontMetrics(face).elidedText(index.data().toString(), Qt::ElideRight, rect.width());
    QTextLayout layout(text, face);
    const QString needle = index.data(NeedleRole).toString();
    const qsizetype at = needle.isEmpty() ? -1 : text.indexOf(needle, 0, Qt::CaseInsensitive);
    if (at >= 0) {
      QTextLayout::FormatRange range;
      range.start = static_cast<int>(at);
      range.length = static_cast<int>(needle.size());
      range.format.setForeground(colour(Role::Accent));
      range.format.setFontWeight(QFont::DemiBold);
      layout.setFormats({range});
    }
    layout.beginLayout();
    const QTextLine line = layout.createLine();
    layout.endLayout();
    if (!line.isValid()) return;
    painter.setPen(colour(Role::Text));
    layout.draw(&painter, QPointF(rect.x(), rect.y() + (rect.height() - line.height()) / 2));
    const int x = rect.x() + int(line.naturalTextWidth()) + 10;
    drawLine(painter, QRect(x, rect.y(), qMax(0, rect.right() - x), rect.height()), index.data(HintRole).toString(),
             face, colour(Role::TextMuted));
  }
};

}  // namespace

CommandPalette::CommandPalette(Actions& actions, QWidget* window)
    : QWidget(window), actions_(actions), model_(new QStandardItemModel(this)) {
  setObjectName(QStringLiteral("palette"));
  input_ = new QLineEdit(this);
  input_->setFrame(false);
  input_->setFont(typeface(Type::Section, QFont::Normal));
  input_->installEventFilter(this);
  list_ = new QListView(this);
  list_->setObjectName(QStringLiteral("commands"));
  list_->setModel(model_);
  list_->setItemDelegate(new PaletteDelegate(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setMouseTracking(true);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->viewport()->setAutoFillBackground(false);
  connect(input_, &QLineEdit::textChanged, this, &CommandPalette::fill);
  // What can be done may change while it is open: an answer comes to its end.
  for (QAction* action : actions.all()) {
    connect(action, &QAction::enabledChanged, this, [this] {
      if (isVisible()) fill();
    });
  }
  connect(list_, &QListView::clicked, this, &CommandPalette::run);
  window->installEventFilter(this);
  hide();
}

void CommandPalette::open(const QList<Conversation>& chats) {
  focusBefore_ = window()->focusWidget();
  chats_ = chats;
  input_->setPlaceholderText(tr("Type a command or the name of a chat"));
  input_->setAccessibleName(tr("Command palette"));
  list_->setAccessibleName(tr("Commands"));
  input_->clear();
  setGeometry(parentWidget()->rect());
  fill();
  show();
  raise();
  input_->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::dismiss() {
  hide();
  if (focusBefore_) focusBefore_->setFocus(Qt::PopupFocusReason);
}

void CommandPalette::addGroup(const QString& heading, const QList<Entry>& entries) {
  const QString needle = input_->text().trimmed();
  bool any = false;
  for (const Entry& entry : entries) {
    if (!needle.isEmpty() && !entry.text.contains(needle, Qt::CaseInsensitive)) continue;
    if (!std::exchange(any, true)) {
      auto* head = new QStandardItem(heading);
      head->setData(true, GroupRole);
      head->setFlags(Qt::NoItemFlags);
      model_->appendRow(head);
    }
    auto* item = new QStandardItem(entry.text);
    item->setData(entry.hint, HintRole);
    item->setData(entry.icon, IconRole);
    item->setData(needle, NeedleRole);
    item->setData(entry.chat, ChatRole);
    if (entry.action) {
      item->setData(QVariant::fromValue(entry.action), ActionRole);
      item->setData(QVariant(capsOf(entry.action->shortcut())), ShortcutRole);
    }
    model_->appendRow(item);
  }
}

void CommandPalette::fill() {
  model_->clear();
  QList<Entry> entries;
  for (QAction* action : actions_.all()) {
    if (action->isEnabled() && action->objectName() != QLatin1String("palette")) {
      entries << Entry{action->text(), {}, Actions::iconName(action), action, 0};
    }
  }
  addGroup(tr("Actions"), entries);
  entries.clear();
  const QString needle = input_->text().trimmed();
  for (const Conversation& chat : std::as_const(chats_)) {
    if (entries.size() >= maximumChats) break;
    if (!needle.isEmpty() && !chat.title.contains(needle, Qt::CaseInsensitive)) continue;
    entries << Entry{chat.title, QLocale().toString(chat.updated.toLocalTime().date(), tr("d MMM", "day of a chat")),
                     QStringLiteral("chat"), nullptr, chat.id};
  }
  addGroup(needle.isEmpty() ? tr("Recent chats") : tr("Chats"), entries);
  if (model_->rowCount() == 0) {
    auto* none = new QStandardItem(tr("Nothing is called that"));
    none->setData(true, GroupRole);
    none->setFlags(Qt::NoItemFlags);
    model_->appendRow(none);
  }
  step(1);
  place();
}

QRect CommandPalette::box() const {
  int height = inputHeight + 1;
  int rows = 0;
  for (int row = 0; row < model_->rowCount(); ++row) {
    rows += model_->index(row, 0).data(GroupRole).toBool() ? headHeight : rowHeight;
  }
  height += qMin(rows, qMin(maximumListHeight, this->height() - fromTop - inputHeight - 48)) + 12;
  const int width = qMin(boxWidth, this->width() - 2 * space::xl);
  return {(this->width() - width) / 2, fromTop, width, height};
}

void CommandPalette::place() {
  const QRect area = box();
  input_->setGeometry(area.x() + 40, area.y() + 1, area.width() - 40 - 64, inputHeight - 1);
  list_->setGeometry(area.x() + 1, area.y() + inputHeight + 5, area.width() - 2, area.height() - inputHeight - 12);
  update();
}

void CommandPalette::step(int direction) {
  int row = list_->currentIndex().isValid() ? list_->currentIndex().row() : -1;
  for (row += direction; row >= 0 && row < model_->rowCount(); row += direction) {
    if (model_->index(row, 0).data(GroupRole).toBool()) continue;
    list_->setCurrentIndex(model_->index(row, 0));
    return;
  }
}

void CommandPalette::run(const QModelIndex& index) {
  if (!index.isValid() || index.data(GroupRole).toBool()) return;
  auto* action = index.data(ActionRole).value<QAction*>();
  const ConversationId chat = index.data(ChatRole).toLongLong();
  dismiss();
  if (action) {
    action->trigger();
  } else if (chat != 0) {
    Q_EMIT conversationChosen(chat);
  }
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible()) {
    setGeometry(parentWidget()->rect());
    place();
  }
  if (watched == input_ && takesEscape(event)) {
    dismiss();
    return true;
  }
  if (watched == input_ && event->type() == QEvent::KeyPress) {
    switch (static_cast<QKeyEvent*>(event)->key()) {
      case Qt::Key_Up:
        step(-1);
        return true;
      case Qt::Key_Down:
        step(1);
        return true;
      case Qt::Key_Tab:
      case Qt::Key_Backtab:
        return true;
      case Qt::Key_Return:
      case Qt::Key_Enter:
        run(list_->currentIndex());
        return true;
      default:
        break;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void CommandPalette::mousePressEvent(QMouseEvent* event) {
  if (!box().contains(event->pos())) dismiss();
}

void CommandPalette::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange && isVisible()) fill();
}

void CommandPalette::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Scrim));
  const QRect area = box();
  // 0 6 24: a soft edge made of rings, each a little wider and fainter than the one inside it.
  const QColor tone = colour(Role::PopupShadow);
  for (int ring = shadow; ring > 0; --ring) {
    QColor faint = tone;
    const double share = 1.0 - double(ring) / shadow;
    faint.setAlphaF(float(tone.alphaF() * share * share * 0.16));
    drawCard(painter, area.adjusted(-ring, -ring + 6, ring, ring + 6), radius::card + ring, faint);
  }
  drawCard(painter, area, radius::card, colour(Role::Popup), colour(Role::BorderStrong));
  painter.fillRect(area.x() + 1, area.y() + inputHeight, area.width() - 2, 1, colour(Role::Border));
  drawIcon(painter, QRect(area.x() + 14, area.y(), size::icon, inputHeight), QStringLiteral("search"), Role::TextMuted,
           size::icon);
  drawCaps(painter, area.right() - 14, QRect(area.x(), area.y(), area.width(), inputHeight), {tr("Esc", "key cap")});
}

}  // namespace hadal::ui
