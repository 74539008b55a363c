#include "ui/chat/thoughts.h"

#include <QEvent>

#include "ui/chat/turn.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"

namespace hadal::ui {

namespace {
constexpr int lineHeight = 28, ruleX = 3, textX = 19;
}

Thoughts::Thoughts(QWidget* parent) : QWidget(parent) {
  fold_ = new Button(Button::Kind::Ghost, {}, this, Button::Size::Line);
  fold_->setObjectName(QStringLiteral("foldThoughts"));
  answer_ = new Button(Button::Kind::Ghost, {}, this, Button::Size::Small);
  answer_->setObjectName(QStringLiteral("answerNow"));
  answer_->setIconName(QStringLiteral("continue"));
  answer_->hide();
  text_ = new MarkdownView(nullptr, this, ProseStyle{Role::TextMuted, true, true});
  text_->setObjectName(QStringLiteral("thoughts"));
  text_->hide();
  connect(text_, &MarkdownView::grown, this, &Thoughts::heightChanged);
  connect(text_, &MarkdownView::selectionStarted, this, &Thoughts::selectionStarted);
  connect(fold_, &Button::clicked, this, [this] {
    setOpen(!open_);
    Q_EMIT folded(open_);
  });
  connect(answer_, &Button::clicked, this, [this] {
    wanted_ = true;
    answer_->setEnabled(false);
    Q_EMIT answerWanted();
  });
  retranslate();
}

void Thoughts::setMessage(const Message& message) {
  if (all_ != message.thinking) {
    all_ = message.thinking;
    text_->setText({});
  }
  const bool streaming = message.state == MessageState::Streaming;
  if (!streaming) wanted_ = false;
  setTime(message.thinkingSeconds, streaming && message.content.isEmpty());
  showText();
}

void Thoughts::append(const QString& text) {
  all_ += text;
  if (open_) text_->append(text);
}

void Thoughts::setTime(double seconds, bool thinking) {
  const int whole = thinking ? static_cast<int>(seconds) : qMax(1, qRound(seconds));
  if (whole == seconds_ && thinking == thinking_) return;
  seconds_ = whole;
  if (std::exchange(thinking_, thinking) != thinking) answer_->setEnabled(!wanted_);
  retranslate();
  Q_EMIT heightChanged();
}

void Thoughts::setOpen(bool open) {
  if (open == open_) return;
  open_ = open;
  showText();
  retranslate();
  Q_EMIT heightChanged();
}

void Thoughts::showText() {
  if (!open_) return;
  text_->flush();
  if (text_->text() != all_) text_->setText(all_);
}

int Thoughts::lay(int column) {
  // So that the chevron stands at the column's edge.
  fold_->setGeometry(Turn::bleed - 9, 0, fold_->sizeHint().width(), lineHeight);
  answer_->setGeometry(fold_->geometry().right() + space::s, 0, answer_->sizeHint().width(), lineHeight);
  answer_->setVisible(thinking_);
  text_->setVisible(open_);
  if (!open_) return lineHeight;
  const int height = text_->lay(qMin(column, size::measure) - textX);
  text_->setGeometry(Turn::bleed + textX, lineHeight + 2, column - textX, height);
  return lineHeight + 2 + height;
}

void Thoughts::clearSelection() {
  text_->clearSelection();
}

bool Thoughts::hasSelection() const {
  return !text_->selectedText().isEmpty();
}

QString Thoughts::label() const {
  if (!thinking_) return tr("Thought for %1 s").arg(seconds_);
  return seconds_ > 0 ? tr("Thinking… %1 s").arg(seconds_) : tr("Thinking…");
}

void Thoughts::retranslate() {
  fold_->setText(label());
  fold_->setIconName(open_ ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right"));
  fold_->setAccessibleName(label());
  fold_->setAccessibleDescription(open_ ? tr("Hide the thoughts") : tr("Show the thoughts"));
  fold_->setToolTip(fold_->accessibleDescription());
  answer_->setText(tr("Answer now"));
  answer_->setToolTip(tr("Ends the thinking; the answer comes next"));
  answer_->setAccessibleDescription(answer_->toolTip());
  text_->setAccessibleName(tr("Thoughts"));
}

void Thoughts::paintEvent(QPaintEvent*) {
  if (open_ && !all_.isEmpty())
    QPainter(this).fillRect(QRect(Turn::bleed + ruleX, text_->y(), 2, text_->height()), colour(Role::BorderStrong));
}

void Thoughts::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() != QEvent::LanguageChange) return;
  retranslate();
  Q_EMIT heightChanged();
}

}  // namespace hadal::ui
