#include "ui/chat/composer.h"

#include <QAbstractTextDocumentLayout>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QMimeData>
#include <QTextBlock>

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/progress_bar.h"
#include "ui/widgets/status_line.h"
#include "ui/widgets/text_menu.h"

namespace hadal::ui {

namespace {
constexpr int maximumLines = 10, meterWidth = 40;
}

GrowingEdit::GrowingEdit(QWidget* parent) : QPlainTextEdit(parent) {
  setFrameShape(QFrame::NoFrame);
  setFont(typeface(Type::Body));
  setTabChangesFocus(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  document()->setDocumentMargin(0);
  viewport()->setAutoFillBackground(false);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  connect(this, &QPlainTextEdit::textChanged, this, &GrowingEdit::grow);
}

// A plain text edit's document counts its height in lines.
void GrowingEdit::grow() {
  int lines = 0;
  for (QTextBlock block = document()->begin(); block.isValid() && lines <= maximumLines; block = block.next()) {
    lines += qMax(1, block.layout()->lineCount());
  }
  setVerticalScrollBarPolicy(lines > maximumLines ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
  lines = qBound(1, lines, maximumLines);
  if (lines == lines_) return;
  lines_ = lines;
  updateGeometry();
}

QSize GrowingEdit::sizeHint() const {
  return {200, lines_ * QFontMetrics(font()).lineSpacing() + 4};
}

void GrowingEdit::keyPressEvent(QKeyEvent* event) {
  const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (enter && !(event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier | Qt::AltModifier))) {
    Q_EMIT submitted();
    return;
  }
  if (enter) {
    insertPlainText(QStringLiteral("\n"));
    ensureCursorVisible();
    return;
  }
  if (event->key() == Qt::Key_PageUp || event->key() == Qt::Key_PageDown) {
    Q_EMIT paged(event->key() == Qt::Key_PageUp ? -1 : 1);
    return;
  }
  if (event->key() == Qt::Key_Up && document()->isEmpty()) {
    Q_EMIT upAtStart();
    return;
  }
  if (event->matches(QKeySequence::Undo) && !document()->isUndoAvailable()) {
    Q_EMIT undoWanted();
    return;
  }
  QPlainTextEdit::keyPressEvent(event);
}

void GrowingEdit::focusInEvent(QFocusEvent* event) {
  QPlainTextEdit::focusInEvent(event);
  Q_EMIT focusChanged();
}

void GrowingEdit::focusOutEvent(QFocusEvent* event) {
  QPlainTextEdit::focusOutEvent(event);
  Q_EMIT focusChanged();
}

void GrowingEdit::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  grow();
}

bool GrowingEdit::canInsertFromMimeData(const QMimeData* source) const {
  return source->hasText() && !source->hasUrls();
}

void GrowingEdit::insertFromMimeData(const QMimeData* source) {
  if (source->hasText()) insertPlainText(source->text());
}

void GrowingEdit::contextMenuEvent(QContextMenuEvent* event) {
  showTextMenu(*this, event->globalPos());
}

Composer::Composer(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("composer"));
  setAttribute(Qt::WA_Hover);
  edit_ = new GrowingEdit(this);
  edit_->setObjectName(QStringLiteral("composerEdit"));
  setFocusProxy(edit_);
  model_ = new Chip(this);
  model_->setObjectName(QStringLiteral("modelChip"));
  model_->setIconName(QStringLiteral("model"));
  model_->setOpensMenu(true);
  meter_ = new ProgressBar(meterWidth, 4, this);
  count_ = new ElidedLabel(this, Type::Caption, 0, Role::TextMuted);
  count_->setObjectName(QStringLiteral("contextCount"));
  count_->setTabular(true);
  send_ = new Button(Button::Kind::Primary, {}, this);
  send_->setObjectName(QStringLiteral("send"));
  send_->setIconName(QStringLiteral("send"));
  stop_ = new Button(Button::Kind::Outlined, {}, this);
  stop_->setObjectName(QStringLiteral("stop"));
  stop_->setIconName(QStringLiteral("stop"));
  stop_->setIconRole(Role::Danger);
  stop_->hide();

  auto* text = new QHBoxLayout;
  text->setContentsMargins(14, 10, 6, 4);
  text->addWidget(edit_);
  auto* tools = new QHBoxLayout;
  tools->setContentsMargins(space::s, space::xs, 6, 6);
  tools->setSpacing(space::s);
  tools->addWidget(model_, 0);
  tools->addStretch(1);
  tools->addWidget(meter_);
  tools->addWidget(count_);
  tools->addWidget(send_);
  tools->addWidget(stop_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(1, 1, 1, 1);
  layout->setSpacing(0);
  layout->addLayout(text);
  layout->addLayout(tools);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);

  connect(edit_, &GrowingEdit::submitted, this, &Composer::submit);
  connect(edit_, &GrowingEdit::focusChanged, this, qOverload<>(&QWidget::update));
  connect(edit_, &GrowingEdit::upAtStart, this, &Composer::editLastWanted);
  connect(edit_, &QPlainTextEdit::textChanged, this, [this] {
    refresh();
    Q_EMIT textChanged();
  });
  connect(send_, &Button::clicked, this, &Composer::submit);
  connect(stop_, &Button::clicked, this, &Composer::stopWanted);
  connect(model_, &Chip::clicked, this, [this] { Q_EMIT modelMenuWanted(model_->mapToGlobal(QPoint(0, -4))); });
  retranslate();
}

QString Composer::text() const {
  return edit_->toPlainText();
}

void Composer::setText(const QString& text) {
  if (edit_->toPlainText() != text) {
    edit_->setPlainText(text);
    edit_->moveCursor(QTextCursor::End);
  }
  // What was typed before belongs to another text.
  edit_->document()->clearUndoRedoStacks();
}

void Composer::setAnswering(bool answering) {
  if (answering_ == answering) return;
  const bool focused = send_->hasFocus() || stop_->hasFocus();
  answering_ = answering;
  send_->setVisible(!answering);
  stop_->setVisible(answering);
  if (focused) edit_->setFocus();
}

void Composer::setModel(const ModelStatus& status) {
  status_ = status;
  refresh();
}

void Composer::setContext(int used, int total) {
  used_ = used;
  total_ = total;
  refresh();
}

void Composer::setSendingPossible(bool possible, const QString& placeholder, const QString& why) {
  possible_ = possible;
  placeholder_ = placeholder;
  send_->setToolTip(why);
  refresh();
}

void Composer::submit() {
  const QString question = text().trimmed();
  if (question.isEmpty() || answering_ || !possible_) return;
  Q_EMIT sent(question);
}

void Composer::refresh() {
  using State = ModelStatus::State;
  switch (status_.state) {
    case State::NoModel:
      model_->setTexts(tr("Choose a model"), {});
      break;
    case State::Failed:
      model_->setTexts(tr("Choose another model"), {});
      break;
    case State::Loading:
      model_->setTexts(status_.name, tr("loading %1 %").arg(qRound(status_.progress * 100)));
      break;
    case State::Ready:
      model_->setTexts(status_.name, status_.quantisation);
      break;
  }
  model_->setAccessibleName(tr("Model: %1").arg(model_->text()));
  const bool metered = status_.state == State::Ready && total_ > 0 && used_ >= 0;
  meter_->setVisible(metered);
  count_->setVisible(metered && width() >= 420);
  if (metered) {
    const double share = double(used_) / total_;
    meter_->setValue(share);
    meter_->setRole(share >= 1 ? Role::Danger : share > 0.85 ? Role::Warning : Role::Accent);
    count_->setRole(share >= 1 ? Role::Danger : share > 0.85 ? Role::Warning : Role::TextMuted);
    count_->setText(QStringLiteral("%1 / %2").arg(shortCount(used_), shortCount(total_)));
    const QString words = tr("Context: %1 of %2 tokens used").arg(used_).arg(total_);
    count_->setToolTip(words);
    count_->setAccessibleName(words);
    meter_->setToolTip(words);
    meter_->setAccessibleName(words);
  }
  const QString placeholder = placeholder_.isEmpty() ? tr("Ask anything, or drop a model here") : placeholder_;
  if (edit_->placeholderText() != placeholder) {
    edit_->setPlaceholderText(placeholder);
    // The edit itself repaints no more than where its caret blinks.
    edit_->viewport()->update();
  }
  send_->setEnabled(possible_ && !text().trimmed().isEmpty());
}

void Composer::retranslate() {
  send_->setText(tr("Send"));
  stop_->setText(tr("Stop"));
  edit_->setAccessibleName(tr("Question"));
  refresh();
}

void Composer::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const bool focus = edit_->hasFocus();
  const QColor outline = colour(focus ? Role::Accent : underMouse() ? Role::Control : Role::BorderStrong);
  drawCard(painter, rect(), radius::card, colour(Role::Surface), outline, focus ? 2 : 1);
}

void Composer::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void Composer::mousePressEvent(QMouseEvent* event) {
  QWidget::mousePressEvent(event);
  edit_->setFocus(Qt::MouseFocusReason);
}

void Composer::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  refresh();
}

}  // namespace hadal::ui
