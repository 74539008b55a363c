#include "ui/chat/transcript_view.h"

#include <QScrollBar>
#include <QTimer>
#include <QWheelEvent>

#include "ui/chat/answer_turn.h"
#include "ui/chat/user_turn.h"
#include "ui/markdown/code_colours.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"

namespace hadal::ui {

namespace {

constexpr int paddingTop = 16, paddingBottom = 12, gap = 12;
// Turns within this many viewports are kept ready; those further away than `farAway` are given up.
constexpr double near = 0.75, farAway = 3.0;
constexpr int endSlack = 4;

}  // namespace

TranscriptView::TranscriptView(QWidget* parent) : QAbstractScrollArea(parent), colours_(new CodeColours(this)) {
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::TabFocus);
  viewport()->setAutoFillBackground(false);
  viewport()->setMouseTracking(true);
  verticalScrollBar()->setSingleStep(40);
  end_ = new Button(Button::Kind::Outlined, tr("To the end"), this, Button::Size::Small);
  end_->setObjectName(QStringLiteral("toTheEnd"));
  end_->setIconName(QStringLiteral("arrow-down"));
  end_->hide();
  connect(end_, &Button::clicked, this, &TranscriptView::scrollToEnd);
  setAccessibleName(tr("Conversation"));
}

TranscriptView::~TranscriptView() = default;

// ---- messages -------------------------------------------------------------------------------------------------------

void TranscriptView::setTranscript(const QList<Message>& messages) {
  for (Entry& entry : entries_) dropTurn(entry);
  entries_.clear();
  entries_.reserve(static_cast<std::size_t>(messages.size()));
  for (const Message& message : messages) {
    if (message.role == MessageRole::System) continue;
    Entry entry;
    entry.message = message;
    entries_.push_back(std::move(entry));
  }
  lastColumn_ = 0;
  following_ = true;
  anchor_ = anchorOffset_ = 0;
  refresh();
}

void TranscriptView::append(const Message& message) {
  const int parent = message.parent == 0 ? -1 : indexOf(message.parent);
  if (message.parent == 0 || parent >= 0) {
    for (auto i = static_cast<std::size_t>(parent + 1); i < entries_.size(); ++i) dropTurn(entries_[i]);
    entries_.resize(static_cast<std::size_t>(parent + 1));
  }
  Entry entry;
  entry.message = message;
  entry.height = estimate(message, qMax(column(), 320));
  entries_.push_back(std::move(entry));
  following_ = true;
  refresh();
}

void TranscriptView::appendDelta(MessageId answer, const QString& text) {
  const int index = indexOf(answer);
  if (index < 0) return;
  Entry& entry = entries_[static_cast<std::size_t>(index)];
  entry.message.content += text;
  if (entry.turn) static_cast<AnswerTurn*>(entry.turn)->append(text);
}

void TranscriptView::appendThinking(MessageId answer, const QString& text, double seconds) {
  const int index = indexOf(answer);
  if (index < 0) return;
  Entry& entry = entries_[static_cast<std::size_t>(index)];
  entry.message.thinking += text;
  entry.message.thinkingSeconds = seconds;
  if (entry.turn) static_cast<AnswerTurn*>(entry.turn)->appendThinking(text, seconds);
}

void TranscriptView::setPromptProgress(MessageId answer, int done, int total) {
  if (auto* shown = qobject_cast<AnswerTurn*>(turn(answer))) shown->setPromptProgress(done, total);
}

void TranscriptView::setWaitingForModel(bool waiting) {
  waiting_ = waiting;
  for (const Entry& entry : entries_) {
    if (auto* answer = qobject_cast<AnswerTurn*>(entry.turn)) answer->setWaiting(waiting);
  }
}

void TranscriptView::setContextRoom(const ContextRoom& room) {
  room_ = room;
  for (const Entry& entry : entries_) {
    if (auto* answer = qobject_cast<AnswerTurn*>(entry.turn)) answer->setContextRoom(room);
  }
}

void TranscriptView::finish(const Message& message) {
  const int index = indexOf(message.id);
  if (index < 0) return;
  Entry& entry = entries_[static_cast<std::size_t>(index)];
  entry.message = message;
  if (entry.turn) {
    entry.turn->setMessage(message);
  } else {
    entry.height = estimate(message, column());
    refresh();
  }
}

QList<Message> TranscriptView::messages() const {
  QList<Message> result;
  result.reserve(static_cast<qsizetype>(entries_.size()));
  for (const Entry& entry : entries_) result << entry.message;
  return result;
}

const Message* TranscriptView::last(MessageRole role) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->message.role == role) return &entry->message;
  }
  return nullptr;
}

const Message* TranscriptView::find(MessageId id) const {
  const int index = indexOf(id);
  return index < 0 ? nullptr : &entries_[static_cast<std::size_t>(index)].message;
}

int TranscriptView::indexOf(MessageId id) const {
  // What changes is nearly always at the end.
  for (auto i = static_cast<int>(entries_.size()) - 1; i >= 0; --i) {
    if (entries_[static_cast<std::size_t>(i)].message.id == id) return i;
  }
  return -1;
}

Turn* TranscriptView::turn(MessageId id) const {
  const int index = indexOf(id);
  return index < 0 ? nullptr : entries_[static_cast<std::size_t>(index)].turn;
}

// ---- layout ---------------------------------------------------------------------------------------------------------

int TranscriptView::column() const {
  return qMax(200, qMin(size::column, width() - 2 * size::columnMargin));
}

int TranscriptView::estimate(const Message& message, int column) {
  const bool user = message.role == MessageRole::User;
  const int perLine = qMax(20, (qMin(column, user ? column : size::measure)) / 7);
  const auto lines = message.content.size() / perLine + message.content.count(QLatin1Char('\n')) + 1;
  return static_cast<int>(lines) * line::reading + (user ? 24 : 40);
}

int TranscriptView::gapAbove(const Entry& entry, const Entry* above) {
  if (!above) return paddingTop;
  return entry.message.role == MessageRole::User ? gap + 4 : gap;
}

void TranscriptView::makeTurn(Entry& entry) {
  if (entry.message.role == MessageRole::User) {
    entry.turn = new UserTurn(entry.message, viewport());
  } else {
    auto* answer = new AnswerTurn(entry.message, colours_, viewport());
    answer->setWaiting(waiting_);
    answer->setContextRoom(room_);
    answer->setThoughtsOpen(unfolded_.contains(entry.message.id));
    connect(answer, &AnswerTurn::thoughtsFolded, this, [this](MessageId id, bool open) {
      if (open)
        unfolded_.insert(id);
      else
        unfolded_.remove(id);
    });
    entry.turn = answer;
  }
  Turn* made = entry.turn;
  made_ = true;
  entry.dirty = true;
  if (!needle_.isEmpty()) made->setNeedle(needle_);
  connect(made, &Turn::heightChanged, this, [this, made] { touch(made); });
  connect(made, &Turn::edited, this, &TranscriptView::edited);
  connect(made, &Turn::editingEnded, this, &TranscriptView::editingEnded);
  connect(made, &Turn::branchWanted, this, &TranscriptView::branchWanted);
  connect(made, &Turn::selectionStarted, this, [this, made] {
    for (const Entry& other : entries_) {
      if (other.turn && other.turn != made) other.turn->clearSelection();
    }
  });
  connect(made, &Turn::actionWanted, this, [this](TurnAction action, MessageId id) {
    const Message* message = find(id);
    if (action == TurnAction::EditQuestion && message) {
      editQuestion(message->parent);
    } else {
      Q_EMIT actionWanted(action, id);
    }
  });
}

void TranscriptView::dropTurn(Entry& entry) {
  if (!entry.turn) return;
  entry.turn->hide();
  // It may be the sender of the signal that leads here.
  entry.turn->deleteLater();
  entry.turn = nullptr;
}

void TranscriptView::touch(Turn* turn) {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->turn != turn) continue;
    entry->dirty = true;
    break;
  }
  if (refreshing_) {
    refreshPending_ = true;
  } else {
    refresh();
  }
}

void TranscriptView::stack() {
  int y = 0;
  const Entry* above = nullptr;
  for (Entry& entry : entries_) {
    y += gapAbove(entry, above);
    entry.top = y;
    y += entry.height;
    above = &entry;
  }
  contentHeight_ = y + paddingBottom;
}

int TranscriptView::indexAt(int y) const {
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), y, [](int at, const Entry& e) { return at < e.top; });
  return qMax(0, static_cast<int>(after - entries_.begin()) - 1);
}

void TranscriptView::refresh() {
  if (refreshing_ || entries_.empty()) {
    if (entries_.empty()) {
      verticalScrollBar()->setRange(0, 0);
      end_->hide();
    }
    return;
  }
  refreshing_ = true;
  const int width = column();
  if (width != lastColumn_) {
    for (Entry& entry : entries_) {
      entry.dirty = true;
      if (!entry.turn) entry.height = estimate(entry.message, width);
    }
    lastColumn_ = width;
  }
  const int page = viewport()->height();
  // Each pass lays out what the last one brought near; heights settle after two or three.
  for (int pass = 0; pass < 8; ++pass) {
    stack();
    const int bottom = qMax(0, contentHeight_ - page);
    anchor_ = qBound(0, anchor_, static_cast<int>(entries_.size()) - 1);
    const int top =
        following_ ? bottom : qBound(0, entries_[static_cast<std::size_t>(anchor_)].top + anchorOffset_, bottom);
    verticalScrollBar()->setRange(0, bottom);
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setValue(top);
    bool changed = false;
    const int from = top - static_cast<int>(page * near), to = top + page + static_cast<int>(page * near);
    for (auto i = static_cast<std::size_t>(indexAt(from)); i < entries_.size() && entries_[i].top < to; ++i) {
      Entry& entry = entries_[i];
      if (!entry.turn) makeTurn(entry);
      if (!entry.dirty) continue;
      entry.dirty = false;
      const int height = entry.turn->lay(width);
      changed = changed || height != entry.height;
      entry.height = height;
    }
    if (!changed && !std::exchange(refreshPending_, false)) break;
  }
  arrange();
  if (std::exchange(made_, false)) orderTabs();
  refreshing_ = false;
}

// Widgets are made as they are scrolled to; Tab goes from the top to the bottom all the same.
void TranscriptView::orderTabs() {
  QWidget* before = this;
  for (const Entry& entry : entries_) {
    if (!entry.turn) continue;
    for (Pressable* button : entry.turn->findChildren<Pressable*>()) {
      setTabOrder(before, button);
      before = button;
    }
  }
}

void TranscriptView::arrange() {
  const int top = verticalScrollBar()->value();
  const int page = viewport()->height();
  const int x = (width() - lastColumn_) / 2 - Turn::bleed;
  for (Entry& entry : entries_) {
    if (!entry.turn) continue;
    const int distance = qMax(entry.top - (top + page), top - (entry.top + entry.height));
    const bool needed = entry.message.state == MessageState::Streaming || entry.turn->hasSelection() ||
                        entry.turn->isAncestorOf(focusWidget());
    if (distance > page * farAway && !needed) {
      dropTurn(entry);
      continue;
    }
    entry.turn->setGeometry(x, entry.top - top, lastColumn_ + 2 * Turn::bleed, entry.height);
    entry.turn->show();
  }
  if (!following_) {
    anchor_ = indexAt(top);
    anchorOffset_ = top - entries_[static_cast<std::size_t>(anchor_)].top;
  }
  placeEndButton();
}

void TranscriptView::placeEndButton() {
  const bool needed = verticalScrollBar()->value() < verticalScrollBar()->maximum() - viewport()->height() / 4;
  end_->setVisible(needed);
  if (!needed) return;
  end_->resize(end_->sizeHint());
  end_->move((viewport()->width() - end_->width()) / 2, viewport()->height() - end_->height() - space::m);
  end_->raise();
}

void TranscriptView::scrollContentsBy(int, int) {
  if (refreshing_ || entries_.empty()) return;
  const int top = verticalScrollBar()->value();
  following_ = top >= verticalScrollBar()->maximum() - endSlack;
  anchor_ = indexAt(top);
  anchorOffset_ = top - entries_[static_cast<std::size_t>(anchor_)].top;
  refresh();
}

void TranscriptView::scrollToEnd() {
  following_ = true;
  refresh();
}

void TranscriptView::showMessage(MessageId id) {
  const int index = indexOf(id);
  if (index < 0) return;
  following_ = false;
  anchor_ = index;
  anchorOffset_ = -paddingTop;
  refresh();
}

QJsonObject TranscriptView::place() const {
  if (following_ || entries_.empty()) return {};
  const Entry& entry = entries_[static_cast<std::size_t>(qBound(0, anchor_, static_cast<int>(entries_.size()) - 1))];
  return {{QStringLiteral("message"), entry.message.id}, {QStringLiteral("offset"), anchorOffset_}};
}

void TranscriptView::setPlace(const QJsonObject& place) {
  const int index = place.isEmpty() ? -1 : indexOf(place.value(QStringLiteral("message")).toInteger());
  following_ = index < 0;
  anchor_ = qMax(0, index);
  anchorOffset_ = place.value(QStringLiteral("offset")).toInt();
  refresh();
}

// ---- editing and finding
// ----------------------------------------------------------------------------------------------

void TranscriptView::editQuestion(MessageId question) {
  const int index = indexOf(question);
  if (index < 0) return;
  const Entry& entry = entries_[static_cast<std::size_t>(index)];
  if (!entry.turn || entry.top < verticalScrollBar()->value()) showMessage(question);
  following_ = false;
  if (auto* user = qobject_cast<UserTurn*>(entry.turn)) user->startEditing();
}

void TranscriptView::editLast() {
  if (const Message* question = last(MessageRole::User)) editQuestion(question->id);
}

void TranscriptView::setNeedle(const QString& needle) {
  needle_ = needle;
  found_.clear();
  foundAt_ = -1;
  for (const Entry& entry : entries_) {
    if (entry.turn) entry.turn->setNeedle(needle);
    if (!needle.isEmpty() && entry.message.content.contains(needle, Qt::CaseInsensitive)) found_ << entry.message.id;
  }
  if (!found_.isEmpty()) {
    foundAt_ = static_cast<int>(found_.size()) - 1;
    showMatch();
  }
  Q_EMIT matchesChanged(foundAt_ + 1, static_cast<int>(found_.size()));
}

void TranscriptView::stepMatch(int direction) {
  if (found_.isEmpty()) return;
  const auto count = static_cast<int>(found_.size());
  foundAt_ = (foundAt_ + direction + count) % count;
  showMatch();
  Q_EMIT matchesChanged(foundAt_ + 1, count);
}

void TranscriptView::showMatch() {
  const MessageId id = found_[foundAt_];
  showMessage(id);
  Turn* found = turn(id);
  const int at = found ? found->setNeedle(needle_) : -1;
  if (at > viewport()->height() / 2) {
    anchorOffset_ = at - viewport()->height() / 3;
    refresh();
  }
}

// ---- events
// -----------------------------------------------------------------------------------------------------------

void TranscriptView::paintEvent(QPaintEvent*) {
  QPainter painter(viewport());
  painter.fillRect(viewport()->rect(), colour(Role::Surface));
  // Only the keyboard brings the focus here.
  if (hasFocus()) drawFocusRing(painter, viewport()->rect(), 0);
}

void TranscriptView::focusInEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusInEvent(event);
  viewport()->update();
}

void TranscriptView::focusOutEvent(QFocusEvent* event) {
  QAbstractScrollArea::focusOutEvent(event);
  viewport()->update();
}

bool TranscriptView::viewportEvent(QEvent* event) {
  // A click beside the text gives up the selection.
  if (event->type() == QEvent::MouseButtonPress) {
    for (const Entry& entry : entries_) {
      if (entry.turn) entry.turn->clearSelection();
    }
  }
  return QAbstractScrollArea::viewportEvent(event);
}

void TranscriptView::resizeEvent(QResizeEvent* event) {
  QAbstractScrollArea::resizeEvent(event);
  refresh();
}

void TranscriptView::showEvent(QShowEvent* event) {
  QAbstractScrollArea::showEvent(event);
  refresh();
}

void TranscriptView::wheelEvent(QWheelEvent* event) {
  QAbstractScrollArea::wheelEvent(event);
  // Up at all means "let me read", even by less than a line.
  if (event->angleDelta().y() > 0) following_ = false;
}

void TranscriptView::changeEvent(QEvent* event) {
  QAbstractScrollArea::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) {
    end_->setText(tr("To the end"));
    setAccessibleName(tr("Conversation"));
    placeEndButton();
  }
}

}  // namespace hadal::ui
