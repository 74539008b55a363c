#include "ui/chat/answer_turn.h"

#include <QApplication>
#include <QClipboard>
#include <QLocale>
#include <QTimer>
#include <utility>

#include "app/language/engine_words.h"
#include "ui/chat/thoughts.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"

namespace hadal::ui {

namespace {
constexpr int actionsHeight = 28, iconGap = 2;
}

AnswerTurn::AnswerTurn(const Message& message, CodeColours* colours, QWidget* parent)
    : Turn(message, parent), colours_(colours) {
  setAttribute(Qt::WA_Hover);
  buildThoughts();  // First, so that Tab comes there first.
  body_ = new MarkdownView(colours, this);
  body_->setObjectName(QStringLiteral("answerBody"));
  wait_ = new ElidedLabel(this, Type::Body, 0, Role::TextMuted);
  connect(body_, &MarkdownView::grown, this, &Turn::heightChanged);
  connect(body_, &MarkdownView::selectionStarted, this, &Turn::selectionStarted);
  buildActions();
  setMessage(message);
}

void AnswerTurn::buildActions() {
  copy_ = new IconButton(QStringLiteral("copy"), {}, this);
  copy_->setObjectName(QStringLiteral("copyAnswer"));
  regenerate_ = new IconButton(QStringLiteral("regenerate"), {}, this);
  regenerate_->setObjectName(QStringLiteral("regenerate"));
  edit_ = new IconButton(QStringLiteral("edit"), {}, this);
  edit_->setObjectName(QStringLiteral("editAnswerQuestion"));
  branch_ = new BranchSwitch(this);
  figures_ = new ElidedLabel(this, Type::Caption, 0, Role::TextMuted);
  figures_->setTabular(true);
  figures_->hide();
  connect(copy_, &IconButton::clicked, this, &AnswerTurn::copyAll);
  connect(regenerate_, &IconButton::clicked, this,
          [this] { Q_EMIT actionWanted(TurnAction::Regenerate, message_.id); });
  connect(edit_, &IconButton::clicked, this, [this] { Q_EMIT actionWanted(TurnAction::EditQuestion, message_.id); });
  connect(branch_, &BranchSwitch::stepped, this, [this](int step) { Q_EMIT branchWanted(message_.id, step); });
}

void AnswerTurn::copyAll() {
  QApplication::clipboard()->setText(body_->text());
  copy_->setIconName(QStringLiteral("check"));
  QTimer::singleShot(1500, copy_, [this] { copy_->setIconName(QStringLiteral("copy")); });
}

void AnswerTurn::setMessage(const Message& message) {
  message_ = message;
  body_->flush();
  if (body_->text() != message.content) body_->setText(message.content);
  thoughts_->setMessage(message);
  branch_->setPlace(message.branch, message.branches);
  showState();
  retranslate();
  Q_EMIT heightChanged();
}

void AnswerTurn::buildThoughts() {
  thoughts_ = new Thoughts(this);
  thoughts_->hide();
  connect(thoughts_, &Thoughts::heightChanged, this, &Turn::heightChanged);
  connect(thoughts_, &Thoughts::selectionStarted, this, &Turn::selectionStarted);
  connect(thoughts_, &Thoughts::answerWanted, this,
          [this] { Q_EMIT actionWanted(TurnAction::AnswerNow, message_.id); });
  connect(thoughts_, &Thoughts::folded, this, [this](bool open) { Q_EMIT thoughtsFolded(message_.id, open); });
}

void AnswerTurn::setThoughtsOpen(bool open) {
  thoughts_->setOpen(open);
}

void AnswerTurn::appendThinking(const QString& text, double seconds) {
  const bool first = message_.thinking.isEmpty();
  message_.thinking += text;
  message_.thinkingSeconds = seconds;
  thoughts_->append(text);
  thoughts_->setTime(seconds, message_.content.isEmpty());
  if (!first) return;
  showState();
  Q_EMIT heightChanged();
}

void AnswerTurn::append(const QString& text) {
  message_.content += text;
  const bool first = body_->text().isEmpty();
  if (first) thoughts_->setTime(message_.thinkingSeconds, false);
  body_->append(text);
  if (!first) return;
  showState();
  Q_EMIT heightChanged();
}

void AnswerTurn::setPromptProgress(int done, int total) {
  promptDone_ = done;
  promptTotal_ = total;
  wait_->setText(waitingText());
}

void AnswerTurn::setWaiting(bool waiting) {
  waiting_ = waiting;
  wait_->setText(waitingText());
}

void AnswerTurn::setContextRoom(const ContextRoom& room) {
  if (std::exchange(room_, room) == room || !notice_) return;
  makeNotice();
  Q_EMIT heightChanged();
}

QString AnswerTurn::waitingText() const {
  if (waiting_) return tr("Waiting for the model to load");
  if (promptTotal_ <= 0 || promptDone_ >= promptTotal_) return tr("Reading the question");
  return tr("Reading the question, %1 %").arg(100 * promptDone_ / promptTotal_);
}

QString AnswerTurn::figuresText() const {
  const QLocale locale;
  QStringList parts;
  if (message_.tokens > 0) parts << tr("%n tokens", nullptr, message_.tokens);
  if (message_.tokensPerSecond > 0) parts << tr("%1 tok/s").arg(locale.toString(message_.tokensPerSecond, 'f', 1));
  if (message_.firstTokenSeconds > 0)
    parts << tr("first token %1 s").arg(locale.toString(message_.firstTokenSeconds, 'f', 2));
  if (!message_.model.isEmpty()) parts << message_.model;
  return parts.join(QStringLiteral(" · "));
}

void AnswerTurn::showState() {
  const bool streaming = message_.state == MessageState::Streaming;
  const bool wordless = streaming && body_->text().isEmpty() && message_.content.isEmpty();
  wait_->setText(waitingText());
  // While it thinks, the line of the thoughts says so.
  wait_->setVisible(wordless && message_.thinking.isEmpty());
  body_->setCaret(streaming && !wordless);
  for (QWidget* widget :
       {static_cast<QWidget*>(copy_), static_cast<QWidget*>(regenerate_), static_cast<QWidget*>(edit_)}) {
    widget->setVisible(!streaming);
  }
  copy_->setEnabled(!message_.content.isEmpty());
  if (streaming) branch_->hide();
  makeNotice();
}

void AnswerTurn::makeNotice() {
  delete notice_;
  notice_ = nullptr;
  const bool begun = !message_.content.isEmpty() || !message_.thinking.isEmpty();
  switch (message_.state) {
    case MessageState::Streaming:
    case MessageState::Done:
      return;
    case MessageState::Stopped:
      notice_ = new Notice(Notice::Kind::Info, tr("You stopped this answer."), this);
      if (begun) offer(tr("Continue"), TurnAction::Continue);
      offer(tr("Regenerate"), TurnAction::Regenerate);
      break;
    case MessageState::Interrupted:
      notice_ = new Notice(Notice::Kind::Warning, tr("Hadal ended before this answer was complete."), this);
      if (begun) offer(tr("Continue"), TurnAction::Continue);
      offer(tr("Regenerate"), TurnAction::Regenerate);
      break;
    case MessageState::Failed:
      notice_ = new Notice(Notice::Kind::Danger,
                           message_.error.isEmpty() ? tr("This answer failed.") : engineWords(message_.error), this);
      if (message_.problem == MessageProblem::PromptTooLong || message_.problem == MessageProblem::ContextFull) {
        offerContext();
      } else if (message_.problem == MessageProblem::NoModel) {
        offer(tr("Choose a model"), TurnAction::ChooseModel);
      } else {
        if (message_.problem == MessageProblem::ModelFailed) offer(tr("Choose another model"), TurnAction::ChooseModel);
        offer(tr("Regenerate"), TurnAction::Regenerate);
      }
      break;
  }
  notice_->setObjectName(QStringLiteral("answerState"));
  notice_->show();
}

void AnswerTurn::offer(const QString& label, TurnAction action) {
  connect(notice_->addAction(label), &Button::clicked, this,
          [this, action] { Q_EMIT actionWanted(action, message_.id); });
}

/// What helps an answer that found too little context.
void AnswerTurn::offerContext() {
  // At least one token more than there was room for.
  const bool full = message_.problem == MessageProblem::ContextFull;
  const int needed = message_.promptTokens + (full ? message_.tokens : 0) + 1;
  if (room_.now > 0 && needed <= room_.now) {
    offer(full ? tr("Continue") : tr("Regenerate"), full ? TurnAction::Continue : TurnAction::Regenerate);
  } else if (room_.now == 0 || room_.most == 0 || needed <= room_.most) {
    offer(tr("Change the context"), TurnAction::ChangeContext);
  } else {
    offer(tr("Choose another model"), TurnAction::ChooseModel);
  }
  offer(tr("Ask in a new chat"), TurnAction::AskInNewChat);
}

int AnswerTurn::lay(int column) {
  int y = 0;
  thoughts_->setVisible(!message_.thinking.isEmpty());
  if (!message_.thinking.isEmpty()) {
    const int height = thoughts_->lay(column);
    thoughts_->setGeometry(0, y, column + 2 * bleed, height);
    y += height + (thoughts_->isOpen() ? space::m : 2);
  }
  if (wait_->isVisibleTo(this)) {
    wait_->setGeometry(bleed, y, column, line::reading);
    y += line::reading;
    body_->hide();
  } else {
    const int height = body_->lay(column);
    // A little more than the column, so that a caret at the very end is not cut.
    body_->setGeometry(bleed, y, column + 4, height);
    body_->show();
    y += height;
  }
  if (notice_) {
    y += y > 0 ? space::m : 0;
    const int height = notice_->heightForWidth(column);
    notice_->setGeometry(bleed, y, column, height);
    y += height;
  }
  y += space::xs + 2;
  int x = bleed - 6;
  for (QWidget* button :
       {static_cast<QWidget*>(copy_), static_cast<QWidget*>(regenerate_), static_cast<QWidget*>(edit_)}) {
    button->move(x, y);
    x += button->width() + iconGap;
  }
  branch_->move(x + 4, y);
  const int left = message_.branches > 1 ? x + 4 + branch_->width() + space::m : x + space::m;
  figures_->setGeometry(qMax(left, bleed + column - figures_->sizeHint().width()), y + 6,
                        qMin(figures_->sizeHint().width(), bleed + column - left), line::caption);
  return y + actionsHeight;
}

int AnswerTurn::setNeedle(const QString& needle) {
  return body_->setNeedle(needle) > 0 ? body_->y() + body_->firstMatchY() : -1;
}

void AnswerTurn::clearSelection() {
  body_->clearSelection();
  thoughts_->clearSelection();
}

bool AnswerTurn::hasSelection() const {
  return !body_->selectedText().isEmpty() || thoughts_->hasSelection();
}

void AnswerTurn::retranslate() {
  copy_->setLabel(tr("Copy"));
  regenerate_->setLabel(tr("Regenerate"));
  edit_->setLabel(tr("Edit the question"));
  figures_->setText(figuresText());
  wait_->setText(waitingText());
  setAccessibleName(message_.model.isEmpty() ? tr("Answer") : tr("Answer by %1").arg(message_.model));
  body_->setAccessibleName(tr("Answer"));
  // While it grows, a screen reader would be told of the whole text again with every word.
  if (message_.state != MessageState::Streaming) body_->setAccessibleDescription(message_.content);
}

void AnswerTurn::changeEvent(QEvent* event) {
  Turn::changeEvent(event);
  if (event->type() != QEvent::LanguageChange) return;
  showState();
  retranslate();
  Q_EMIT heightChanged();
}

void AnswerTurn::enterEvent(QEnterEvent* event) {
  Turn::enterEvent(event);
  figures_->setVisible(message_.state != MessageState::Streaming);
}

void AnswerTurn::leaveEvent(QEvent* event) {
  Turn::leaveEvent(event);
  figures_->hide();
}

}  // namespace hadal::ui
