#include "ui/chat/user_turn.h"

#include "ui/chat/composer.h"
#include "ui/markdown/markdown_view.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/keys.h"

namespace hadal::ui {

namespace {
constexpr int paddingX = 16, paddingY = 12;
}

UserTurn::UserTurn(const Message& message, QWidget* parent) : Turn(message, parent) {
  text_ = new MarkdownView(nullptr, this, ProseStyle{Role::Text, true});
  branch_ = new BranchSwitch(this);
  connect(text_, &MarkdownView::selectionStarted, this, &Turn::selectionStarted);
  connect(branch_, &BranchSwitch::stepped, this, [this](int step) { Q_EMIT branchWanted(message_.id, step); });
  setMessage(message);
}

void UserTurn::setMessage(const Message& message) {
  message_ = message;
  if (text_->text() != message.content) text_->setText(message.content);
  branch_->setPlace(message.branch, message.branches);
  setAccessibleName(tr("Your question"));
  text_->setAccessibleName(tr("Your question"));
  text_->setAccessibleDescription(message.content);
}

int UserTurn::lay(int column) {
  const int inner = column - 2 * paddingX;
  int height = 0;
  if (edit_) {
    edit_->setGeometry(bleed + paddingX, paddingY, inner, edit_->sizeHint().height());
    height = paddingY + edit_->sizeHint().height() + space::s + size::buttonSmall + paddingY;
    int right = bleed + column - paddingY;
    for (Button* button : {ask_, cancel_}) {
      const QSize wanted = button->sizeHint();
      right -= wanted.width();
      button->setGeometry(right, height - paddingY - wanted.height(), wanted.width(), wanted.height());
      right -= space::s;
    }
  } else {
    const int text = text_->lay(inner);
    text_->setGeometry(bleed + paddingX, paddingY, inner, text);
    height = text + 2 * paddingY;
  }
  card_ = QRect(bleed, 0, column, height);
  if (message_.branches > 1) {
    branch_->move(bleed + column - branch_->width() + 4, height + 2);
    height += branch_->height() + 2;
  }
  update();
  return height;
}

void UserTurn::startEditing() {
  if (edit_) return;
  edit_ = new GrowingEdit(this);
  edit_->setObjectName(QStringLiteral("editQuestion"));
  edit_->setAccessibleName(tr("Question"));
  edit_->setPlainText(message_.content);
  edit_->moveCursor(QTextCursor::End);
  edit_->installEventFilter(this);
  ask_ = new Button(Button::Kind::Primary, tr("Ask again"), this, Button::Size::Small);
  cancel_ = new Button(Button::Kind::Outlined, tr("Cancel"), this, Button::Size::Small);
  text_->hide();
  for (QWidget* widget : {static_cast<QWidget*>(edit_), static_cast<QWidget*>(ask_), static_cast<QWidget*>(cancel_)})
    widget->show();
  connect(edit_, &GrowingEdit::submitted, this, &UserTurn::submit);
  connect(edit_, &QPlainTextEdit::textChanged, this, &Turn::heightChanged);
  connect(ask_, &Button::clicked, this, &UserTurn::submit);
  connect(cancel_, &Button::clicked, this, &UserTurn::stopEditing);
  for (QWidget* button : {ask_, cancel_}) button->installEventFilter(this);
  Q_EMIT heightChanged();
  edit_->setFocus(Qt::OtherFocusReason);
}

void UserTurn::stopEditing() {
  if (!edit_) return;
  for (QWidget* widget : {static_cast<QWidget*>(edit_), static_cast<QWidget*>(ask_), static_cast<QWidget*>(cancel_)})
    widget->deleteLater();
  edit_->hide();
  ask_->hide();
  cancel_->hide();
  edit_ = nullptr;
  ask_ = cancel_ = nullptr;
  text_->show();
  Q_EMIT heightChanged();
  Q_EMIT editingEnded();
}

void UserTurn::submit() {
  const QString text = edit_->toPlainText().trimmed();
  if (text.isEmpty()) return;
  stopEditing();
  if (text != message_.content) Q_EMIT edited(message_.id, text);
}

bool UserTurn::eventFilter(QObject* watched, QEvent* event) {
  if (takesEscape(event)) {
    stopEditing();
    return true;
  }
  return Turn::eventFilter(watched, event);
}

int UserTurn::setNeedle(const QString& needle) {
  return text_->setNeedle(needle) > 0 ? text_->y() + text_->firstMatchY() : -1;
}

void UserTurn::clearSelection() {
  text_->clearSelection();
}

bool UserTurn::hasSelection() const {
  return !text_->selectedText().isEmpty() || edit_;
}

void UserTurn::changeEvent(QEvent* event) {
  Turn::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) setMessage(message_);
}

void UserTurn::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  drawCard(painter, card_, radius::card, colour(edit_ ? Role::Surface : Role::Raised),
           colour(edit_ ? Role::Accent : Role::Border), edit_ ? 2 : 1);
}

}  // namespace hadal::ui
