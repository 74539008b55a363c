#include "ui/markdown/markdown_view.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QKeyEvent>
#include <QMenu>
#include <QToolTip>
#include <QUrl>
#include <cmath>

#include "ui/markdown/code_block.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"

namespace hadal::ui {

namespace {

constexpr int frameMilliseconds = 33, caretWidth = 2;

bool mayOpen(const QString& target) {
  const QString scheme = QUrl(target).scheme().toLower();
  return scheme == QLatin1String("http") || scheme == QLatin1String("https");
}

}  // namespace

MarkdownView::MarkdownView(CodeColours* colours, QWidget* parent, ProseStyle style)
    : QWidget(parent), colours_(colours), style_(style) {
  setMouseTracking(true);
  setFocusPolicy(Qt::ClickFocus);
  setCursor(Qt::IBeamCursor);
  frame_.setSingleShot(true);
  connect(&frame_, &QTimer::timeout, this, &MarkdownView::flush);
  if (colours_) connect(colours_, &CodeColours::coloured, this, &MarkdownView::setColours);
}

MarkdownView::~MarkdownView() = default;

void MarkdownView::setText(const QString& text) {
  source_.clear();
  pending_.clear();
  splitter_ = {};
  open_.clear();
  for (const auto& [block, button] : buttons_) delete button;
  buttons_.clear();
  blocks_.clear();
  matches_.clear();
  finished_ = 0;
  anchor_ = caret_ = {};
  pending_ = text;
  flush();
  if (text.isEmpty()) place(0);
}

void MarkdownView::append(const QString& more) {
  pending_ += more;
  if (frame_.isActive()) return;
  // A frame that is dear to lay out comes more seldom, so that three quarters of the time stay free.
  const int pause = qMax(frameMilliseconds, 3 * frameCost_);
  const qint64 since = sinceFrame_.isValid() ? sinceFrame_.elapsed() : pause;
  if (since >= pause) {
    flush();
  } else {
    frame_.start(pause - static_cast<int>(since));
  }
}

void MarkdownView::flush() {
  frame_.stop();
  if (pending_.isEmpty()) return;
  QElapsedTimer cost;
  cost.start();
  showPending();
  frameCost_ = static_cast<int>(cost.elapsed());
  sinceFrame_.start();
}

void MarkdownView::showPending() {
  source_ += pending_;
  const QString more = std::exchange(pending_, {});
  const std::size_t before = finished_;
  if (style_.paragraphs) {
    showParagraphs(more);
  } else if (style_.plain) {
    showOpen({plainBlock(source_)});
  } else {
    for (const QString& piece : splitter_.append(more)) {
      showOpen(parseMarkdown(piece));
      finished_ = blocks_.size();
    }
    showOpen(parseMarkdown(splitter_.open()));
  }
  place(before);
}

// A paragraph without end is cut at a space, or laying it out again would take longer with every word.
void MarkdownView::showParagraphs(const QString& more) {
  constexpr qsizetype longest = 4000;
  open_ += more;
  const auto finish = [this](qsizetype length, qsizetype taken) {
    const QString piece = open_.first(length).trimmed();
    open_.remove(0, taken);
    if (piece.isEmpty()) return;
    showOpen({plainBlock(piece)});
    finished_ = blocks_.size();
  };
  for (qsizetype blank; (blank = open_.indexOf(QLatin1String("\n\n"))) >= 0;) finish(blank, blank + 2);
  while (open_.size() > longest) {
    const qsizetype space = open_.lastIndexOf(QLatin1Char(' '), longest);
    const qsizetype end = space > 0 ? space : open_[longest].isLowSurrogate() ? longest - 1 : longest;
    finish(end, end);
  }
  const QString rest = open_.trimmed();
  showOpen(rest.isEmpty() ? QList<MarkdownBlock>() : QList<MarkdownBlock>{plainBlock(rest)});
}

// Keeps what did not change of the open end; all of it in most frames but for the last block.
void MarkdownView::showOpen(const QList<MarkdownBlock>& blocks) {
  std::size_t at = finished_;
  qsizetype taken = 0;
  while (at < blocks_.size() && taken < blocks.size() && blocks_[at]->block() == blocks[taken]) {
    ++at;
    ++taken;
  }
  if (at < blocks_.size() && taken < blocks.size() && blocks_[at]->grow(blocks[taken])) {
    blocks_[at]->height = 0;
    ++at;
    ++taken;
  }
  for (std::size_t i = at; i < blocks_.size(); ++i) {
    if (const auto button = buttons_.find(blocks_[i].get()); button != buttons_.end()) {
      delete button->second;
      buttons_.erase(button);
    }
  }
  blocks_.resize(at);
  for (; taken < blocks.size(); ++taken) blocks_.push_back(makeBlockView(blocks[taken], style_, colours_));
}

void MarkdownView::place(std::size_t from) {
  if (width_ <= 0) return;
  const qreal measure = style_.plain ? width_ : size::measure;
  // What stands above `from` stays where it is.
  from = qMin(from, blocks_.size());
  qreal y = from > 0 ? blocks_[from - 1]->top + blocks_[from - 1]->height : 0;
  for (std::size_t i = from; i < blocks_.size(); ++i) {
    BlockView& block = *blocks_[i];
    if (i > 0) y += gapBetween(blocks_[i - 1]->block(), block.block());
    if (block.height <= 0) block.lay(width_, measure);
    block.top = y;
    y += block.height;
  }
  const int before = std::exchange(height_, static_cast<int>(std::ceil(y)));
  if (!needle_.isEmpty()) findMatches(from);
  placeButtons(from);
  if (from < blocks_.size()) {
    const int top = from > 0 ? static_cast<int>(blocks_[from]->top) - 16 : 0;
    update(0, top, QWidget::width(), qMax(height_, before) - top + 16);
  } else {
    update();
  }
  if (before != height_) {
    updateGeometry();
    Q_EMIT grown();
  }
}

void MarkdownView::placeButtons(std::size_t from) {
  for (std::size_t i = from; i < blocks_.size(); ++i) {
    const auto& block = blocks_[i];
    const QRectF place = block->buttonPlace();
    if (place.height() <= 0) continue;
    Button*& button = buttons_[block.get()];
    if (!button) {
      button = new Button(Button::Kind::Ghost, tr("Copy"), this, Button::Size::Small);
      button->setIconName(QStringLiteral("copy"));
      button->setAccessibleName(tr("Copy the code"));
      connect(button, &Button::clicked, this, [this, button, view = block.get()] {
        QApplication::clipboard()->setText(view->text());
        button->setIconName(QStringLiteral("check"));
        QTimer::singleShot(1500, button, [button] { button->setIconName(QStringLiteral("copy")); });
      });
      button->show();
    }
    const QSize wanted = button->sizeHint();
    button->setGeometry(static_cast<int>(place.right()) - wanted.width(), static_cast<int>(block->top + place.y()),
                        wanted.width(), 24);
  }
}

int MarkdownView::lay(int width) {
  if (width != width_) {
    width_ = width;
    for (const auto& block : blocks_) block->height = 0;
    place(0);
  }
  return height_;
}

int MarkdownView::heightForWidth(int width) const {
  return const_cast<MarkdownView*>(this)->lay(width);
}

void MarkdownView::setCaret(bool shown) {
  if (showCaret_ == shown) return;
  showCaret_ = shown;
  update();
}

// ---- painting -----------------------------------------------------------------------------------------------------

BlockMarks MarkdownView::marksOf(std::size_t block) const {
  BlockMarks marks;
  const auto at = static_cast<int>(block);
  const Position from = qMin(anchor_, caret_), to = qMax(anchor_, caret_);
  if (from != to && at >= from.block && at <= to.block) {
    marks.selectionStart = at == from.block ? from.offset : 0;
    marks.selectionEnd = at == to.block ? to.offset : static_cast<int>(blocks_[block]->text().size());
  }
  if (block < matches_.size()) {
    marks.matches = matches_[block];
    marks.matchLength = static_cast<int>(needle_.size());
  }
  return marks;
}

void MarkdownView::paintEvent(QPaintEvent* event) {
  QPainter painter(this);
  const QRectF dirty = event->rect();
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const BlockView& block = *blocks_[i];
    if (block.top + block.height < dirty.top() - 20) continue;
    if (block.top > dirty.bottom() + 20) break;
    painter.save();
    painter.translate(0, block.top);
    block.paint(painter, marksOf(i), dirty.translated(0, -block.top));
    painter.restore();
  }
  if (showCaret_) {
    QRectF caret(0, 2, caretWidth, 18);
    if (!blocks_.empty()) {
      const BlockView& last = *blocks_.back();
      caret = last.caretAt(static_cast<int>(last.text().size())).translated(2, last.top);
      caret = QRectF(caret.x(), caret.center().y() - 9, caretWidth, 18);
    }
    painter.fillRect(caret, colour(Role::Accent));
  }
}

void MarkdownView::setColours(quint64 client, int firstLine, const QList<ColouredLine>& lines) {
  for (const auto& block : blocks_) {
    if (block->block().kind != MarkdownBlock::Kind::Code) continue;
    auto* code = static_cast<CodeBlock*>(block.get());
    if (code->client() != client) continue;
    code->setColours(firstLine, lines);
    update(QRectF(0, block->top, QWidget::width(), block->height).toAlignedRect());
    return;
  }
}

void MarkdownView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) {
    for (const auto& block : blocks_) block->retint();
    update();
  }
  if (event->type() == QEvent::LanguageChange) {
    for (const auto& [block, button] : buttons_) {
      button->setText(tr("Copy"));
      button->setAccessibleName(tr("Copy the code"));
    }
    placeButtons(0);
  }
}

// ---- finding ------------------------------------------------------------------------------------------------------

void MarkdownView::findMatches(std::size_t from) {
  matches_.resize(blocks_.size());
  for (std::size_t i = qMin(from, blocks_.size()); i < blocks_.size(); ++i) {
    matches_[i].clear();
    const QString text = blocks_[i]->text();
    for (qsizetype at = text.indexOf(needle_, 0, Qt::CaseInsensitive); at >= 0;
         at = text.indexOf(needle_, at + needle_.size(), Qt::CaseInsensitive)) {
      matches_[i] << static_cast<int>(at);
    }
  }
}

int MarkdownView::setNeedle(const QString& needle) {
  needle_ = needle;
  matches_.clear();
  if (!needle.isEmpty()) findMatches(0);
  update();
  qsizetype count = 0;
  for (const auto& matches : matches_) count += matches.size();
  return static_cast<int>(count);
}

int MarkdownView::firstMatchY() const {
  for (std::size_t i = 0; i < matches_.size() && i < blocks_.size(); ++i) {
    if (!matches_[i].isEmpty()) return static_cast<int>(blocks_[i]->top + blocks_[i]->caretAt(matches_[i].first()).y());
  }
  return -1;
}

// ---- selecting ------------------------------------------------------------------------------------------------------

MarkdownView::Position MarkdownView::positionAt(const QPointF& at) const {
  if (blocks_.empty()) return {};
  std::size_t found = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (at.y() >= blocks_[i]->top) found = i;
  }
  const BlockView& block = *blocks_[found];
  const QPointF inside(at.x(), at.y() - block.top);
  // Below a block, in the gap: its end.
  if (inside.y() > block.height) return {static_cast<int>(found), static_cast<int>(block.text().size())};
  return {static_cast<int>(found), block.offsetAt(inside)};
}

QString MarkdownView::selectedText() const {
  const Position from = qMin(anchor_, caret_), to = qMax(anchor_, caret_);
  if (from == to) return {};
  QString result;
  for (int i = from.block; i <= to.block && i < static_cast<int>(blocks_.size()); ++i) {
    const BlockView& block = *blocks_[static_cast<std::size_t>(i)];
    const QString text = block.text();
    const int start = i == from.block ? from.offset : 0;
    const int end = i == to.block ? to.offset : static_cast<int>(text.size());
    if (i > from.block) {
      const bool close = block.block().tight && blocks_[static_cast<std::size_t>(i - 1)]->block().tight;
      result += close ? QStringLiteral("\n") : QStringLiteral("\n\n");
    }
    result += text.mid(start, end - start);
  }
  return result;
}

void MarkdownView::clearSelection() {
  anchor_ = caret_ = {};
  update();
}

void MarkdownView::selectAll() {
  if (blocks_.empty()) return;
  anchor_ = {};
  caret_ = {static_cast<int>(blocks_.size()) - 1, static_cast<int>(blocks_.back()->text().size())};
  Q_EMIT selectionStarted();
  update();
}

void MarkdownView::copy() {
  const QString text = selectedText();
  QApplication::clipboard()->setText(text.isEmpty() ? source_ : text);
}

void MarkdownView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) {
    event->ignore();
    return;
  }
  const Position at = positionAt(event->position());
  if (!(event->modifiers() & Qt::ShiftModifier)) anchor_ = at;
  caret_ = at;
  selecting_ = true;
  Q_EMIT selectionStarted();
  update();
}

void MarkdownView::mouseMoveEvent(QMouseEvent* event) {
  if (selecting_) {
    caret_ = positionAt(event->position());
    update();
    return;
  }
  const InlineRun* link = linkAt(event->position());
  setCursor(link && (link->flags & InlineRun::Link) ? Qt::PointingHandCursor : Qt::IBeamCursor);
}

void MarkdownView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  selecting_ = false;
  if (QString text = selectedText(); !text.isEmpty()) {
    if (QClipboard* clipboard = QApplication::clipboard(); clipboard->supportsSelection())
      clipboard->setText(text, QClipboard::Selection);
    return;
  }
  if (const InlineRun* link = linkAt(event->position())) openLink(*link, event->globalPosition().toPoint());
}

void MarkdownView::mouseDoubleClickEvent(QMouseEvent* event) {
  const Position at = positionAt(event->position());
  if (at.block >= static_cast<int>(blocks_.size())) return;
  const QString text = blocks_[static_cast<std::size_t>(at.block)]->text();
  const auto partOfWord = [&](int i) {
    return i >= 0 && i < text.size() && (text[i].isLetterOrNumber() || text[i] == QLatin1Char('_'));
  };
  int start = at.offset, end = at.offset;
  while (partOfWord(start - 1)) --start;
  while (partOfWord(end)) ++end;
  anchor_ = {at.block, start};
  caret_ = {at.block, end};
  update();
}

void MarkdownView::keyPressEvent(QKeyEvent* event) {
  if (event->matches(QKeySequence::Copy)) {
    copy();
  } else if (event->matches(QKeySequence::SelectAll)) {
    selectAll();
  } else {
    event->ignore();
  }
}

void MarkdownView::contextMenuEvent(QContextMenuEvent* event) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  QAction* copySelection = menu->addAction(themedIcon(QStringLiteral("copy")), tr("Copy"), this, &MarkdownView::copy);
  copySelection->setShortcut(QKeySequence::Copy);
  menu->addAction(tr("Copy as Markdown"), this, [this] { QApplication::clipboard()->setText(source_); });
  menu->addSeparator();
  QAction* all = menu->addAction(tr("Select all"), this, &MarkdownView::selectAll);
  all->setShortcut(QKeySequence::SelectAll);
  menu->popup(event->globalPos());
}

// ---- links ----------------------------------------------------------------------------------------------------------

const InlineRun* MarkdownView::linkAt(const QPointF& at) const {
  for (const auto& block : blocks_) {
    if (at.y() < block->top || at.y() > block->top + block->height) continue;
    return block->linkAt(QPointF(at.x(), at.y() - block->top));
  }
  return nullptr;
}

// A link's words can say anything, so the address is shown before anything is opened.
void MarkdownView::openLink(const InlineRun& link, const QPoint& global) {
  const QString target = link.target;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  QString shown = target.left(100);
  menu->addAction(shown.replace(QLatin1Char('&'), QLatin1String("&&")))->setEnabled(false);
  menu->addSeparator();
  if ((link.flags & InlineRun::Link) && mayOpen(target)) {
    menu->addAction(themedIcon(QStringLiteral("open")), tr("Open in the browser"), this,
                    [target] { QDesktopServices::openUrl(QUrl(target)); });
  }
  menu->addAction(themedIcon(QStringLiteral("copy")), tr("Copy the address"), this,
                  [target] { QApplication::clipboard()->setText(target); });
  menu->popup(global);
}

bool MarkdownView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const InlineRun* link = linkAt(help->pos());
    if (!link) {
      QToolTip::hideText();
    } else if (link->flags & InlineRun::Image) {
      QToolTip::showText(help->globalPos(), tr("This picture is not loaded: %1").arg(link->target), this);
    } else {
      QToolTip::showText(help->globalPos(), link->target, this);
    }
    return true;
  }
  return QWidget::event(event);
}

}  // namespace hadal::ui
