#include "ui/chat/find_bar.h"

#include <QBoxLayout>

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/keys.h"
#include "ui/widgets/label.h"
#include "ui/widgets/search_field.h"

namespace hadal::ui {

FindBar::FindBar(QWidget* parent) : QWidget(parent) {
  setFixedHeight(size::paneHeader);
  field_ = new SearchField(this);
  field_->setObjectName(QStringLiteral("findField"));
  field_->installEventFilter(this);
  count_ = new ElidedLabel(this, Type::Caption, 0, Role::TextMuted);
  count_->setTabular(true);
  back_ = new IconButton(QStringLiteral("chevron-up"), {}, this);
  on_ = new IconButton(QStringLiteral("chevron-down"), {}, this);
  close_ = new IconButton(QStringLiteral("close"), {}, this);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(space::l, 0, space::m, 1);
  layout->setSpacing(space::xs);
  field_->setMaximumWidth(420);
  layout->addWidget(field_, 1);
  layout->addSpacing(space::s);
  layout->addWidget(count_);
  layout->addSpacing(space::s);
  layout->addWidget(back_);
  layout->addWidget(on_);
  layout->addStretch(0);
  layout->addWidget(close_);
  connect(field_, &QLineEdit::textChanged, this, &FindBar::changed);
  connect(back_, &IconButton::clicked, this, [this] { Q_EMIT stepped(-1); });
  connect(on_, &IconButton::clicked, this, [this] { Q_EMIT stepped(1); });
  for (IconButton* button : {back_, on_, close_}) button->installEventFilter(this);
  connect(close_, &IconButton::clicked, this, &FindBar::close);
  retranslate();
  hide();
}

void FindBar::open(const QString& text) {
  show();
  if (!text.isEmpty()) field_->setText(text);
  field_->setFocus(Qt::ShortcutFocusReason);
  field_->selectAll();
  Q_EMIT changed(field_->text());
}

void FindBar::close() {
  hide();
  Q_EMIT closed();
}

QString FindBar::text() const {
  return field_->text();
}

void FindBar::setCount(int current, int total) {
  count_->setText(field_->text().isEmpty() ? QString()
                  : total == 0             ? tr("Not found")
                                           : QStringLiteral("%1 / %2").arg(current).arg(total));
  back_->setEnabled(total > 0);
  on_->setEnabled(total > 0);
}

bool FindBar::eventFilter(QObject* watched, QEvent* event) {
  if (takesEscape(event)) {
    close();
    return true;
  }
  if (watched == field_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
      Q_EMIT stepped(key->modifiers() & Qt::ShiftModifier ? -1 : 1);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void FindBar::retranslate() {
  field_->setPlaceholderText(tr("Find in this chat"));
  field_->setAccessibleName(tr("Find in this chat"));
  back_->setLabel(tr("Previous match"));
  on_->setLabel(tr("Next match"));
  close_->setLabel(tr("Close the search"));
}

void FindBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Surface));
  painter.fillRect(0, height() - 1, width(), 1, colour(Role::Border));
}

void FindBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

}  // namespace hadal::ui
