#include "ui/chat/chat_header.h"

#include <QBoxLayout>

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"

namespace hadal::ui {

ChatHeader::ChatHeader(QWidget* parent) : QWidget(parent) {
  setFixedHeight(size::paneHeader);
  title_ = new ElidedLabel(this, Type::Body, QFont::DemiBold);
  title_->setObjectName(QStringLiteral("chatTitle"));
  list_ = new IconButton(QStringLiteral("sidebar"), {}, this);
  list_->hide();
  find_ = new IconButton(QStringLiteral("search"), {}, this);
  more_ = new IconButton(QStringLiteral("more"), {}, this);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(space::l, 0, space::m, 1);
  layout->setSpacing(space::s);
  layout->addWidget(list_);
  layout->addWidget(title_, 1);
  layout->addWidget(find_);
  layout->addWidget(more_);
  connect(list_, &IconButton::clicked, this, &ChatHeader::listWanted);
  connect(find_, &IconButton::clicked, this, &ChatHeader::findWanted);
  connect(more_, &IconButton::clicked, this,
          [this] { Q_EMIT menuWanted(more_->mapToGlobal(QPoint(more_->width(), more_->height() + 4))); });
  retranslate();
}

void ChatHeader::setTitle(const QString& title, bool kept) {
  title_->setText(title);
  find_->setEnabled(kept);
  more_->setEnabled(kept);
}

void ChatHeader::setListHidden(bool hidden) {
  list_->setVisible(hidden);
}

void ChatHeader::retranslate() {
  list_->setLabel(tr("Show the list of chats"));
  find_->setLabel(tr("Find in this chat"));
  more_->setLabel(tr("More"));
}

void ChatHeader::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Surface));
  painter.fillRect(0, height() - 1, width(), 1, colour(Role::Border));
}

void ChatHeader::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

}  // namespace hadal::ui
