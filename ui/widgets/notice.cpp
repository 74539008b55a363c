#include "ui/widgets/notice.h"

#include <QAccessible>
#include <QEvent>

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"

namespace hadal::ui {

namespace {

constexpr int leastHeight = 40, padding = 12, iconSpace = size::icon + space::s;

struct NoticeLook {
  Role ground, ink;
  const char* icon;
};

NoticeLook lookOf(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::Info:
      return {Role::AccentSoft, Role::Accent, "info"};
    case Notice::Kind::Warning:
      return {Role::WarningSoft, Role::Warning, "warning"};
    case Notice::Kind::Danger:
      return {Role::DangerSoft, Role::Danger, "error"};
  }
  return {Role::AccentSoft, Role::Accent, "info"};
}

}  // namespace

Notice::Notice(Kind kind, const QString& sentence, QWidget* parent) : QWidget(parent), kind_(kind) {
  text_ = new TextLabel(this);
  setAccessibleName(tr("Notice"));
  setSentence(sentence);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void Notice::setSentence(const QString& sentence) {
  text_->setText(sentence);
  setAccessibleDescription(sentence);
  place(width(), true);
  updateGeometry();
}

QString Notice::sentence() const {
  return text_->text();
}

Button* Notice::addAction(const QString& label) {
  auto* button = new Button(Button::Kind::Outlined, label, this, Button::Size::Small);
  actions_ << button;
  button->show();
  place(width(), true);
  updateGeometry();
  return button;
}

void Notice::setClosable(bool closable) {
  delete close_;
  close_ = nullptr;
  if (closable) {
    close_ = new IconButton(QStringLiteral("close"), tr("Close"), this, 24);
    connect(close_, &IconButton::clicked, this, &Notice::closed);
    close_->show();
  }
  place(width(), true);
}

// Buttons stand beside the sentence while it keeps half of the width, else below it.
int Notice::place(int width, bool apply) const {
  int buttons = 0;
  for (const Button* action : actions_) buttons += action->sizeHint().width() + space::s;
  const int close = close_ ? 24 + space::xs : 0;
  const int room = width - 2 * padding - iconSpace - close;
  const bool beside = buttons == 0 || room - buttons >= room / 2;
  const int textWidth = qMax(40, beside ? room - buttons - (buttons > 0 ? space::s : 0) : room);
  const int textHeight = text_->heightForWidth(textWidth);
  const int first = qMax(leastHeight, textHeight + 20);
  const int height = beside || actions_.isEmpty() ? first : first + size::buttonSmall + 4;
  if (!apply) return height;

  text_->setGeometry(padding + iconSpace, beside ? (first - textHeight) / 2 : 10, textWidth, textHeight);
  if (close_) close_->move(width - padding - 24 + 4, (leastHeight - 24) / 2);
  int x = beside ? width - padding - close - buttons + space::s : padding + iconSpace;
  for (Button* action : actions_) {
    const QSize wanted = action->sizeHint();
    action->setGeometry(x, beside ? (height - wanted.height()) / 2 : height - 10 - wanted.height(), wanted.width(),
                        wanted.height());
    x += wanted.width() + space::s;
  }
  return height;
}

int Notice::heightForWidth(int width) const {
  return place(width, false);
}

QSize Notice::sizeHint() const {
  return {320, place(qMax(width(), 320), false)};
}

void Notice::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  place(width(), true);
}

void Notice::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) {
    setAccessibleName(tr("Notice"));
    if (close_) close_->setLabel(tr("Close"));
  }
}

void Notice::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const NoticeLook look = lookOf(kind_);
  drawCard(painter, rect(), radius::control, colour(look.ground));
  drawIcon(painter, QRect(padding, text_->y(), size::icon, line::body), QLatin1String(look.icon), look.ink, size::icon);
}

NoticeStack::NoticeStack(QWidget* parent) : QWidget(parent), layout_(new QVBoxLayout(this)) {
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(space::s);
  setVisible(false);
}

Notice* NoticeStack::show(const QString& key, Notice::Kind kind, const QString& sentence) {
  if (Notice* old = notices_.take(key)) {
    layout_->removeWidget(old);
    old->deleteLater();
    old->hide();
  }
  auto* notice = new Notice(kind, sentence, this);
  notice->setObjectName(QStringLiteral("notice.") + key);
  connect(notice, &Notice::closed, this, [this, key] { dismiss(key); });
  notices_.insert(key, notice);
  layout_->addWidget(notice);
  setVisible(true);
  QAccessibleEvent event(notice, QAccessible::Alert);
  QAccessible::updateAccessibility(&event);
  Q_EMIT changed();
  return notice;
}

void NoticeStack::dismiss(const QString& key) {
  Notice* notice = notices_.take(key);
  if (!notice) return;
  layout_->removeWidget(notice);
  notice->hide();
  notice->deleteLater();
  setVisible(!notices_.isEmpty());
  Q_EMIT changed();
}

}  // namespace hadal::ui
