#include "ui/widgets/button.h"

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {
constexpr int iconGap = 6;
}

Button::Button(Kind kind, const QString& text, QWidget* parent, Size size)
    : Pressable(parent), kind_(kind), size_(size) {
  setText(text);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Button::setIconRole(Role role) {
  iconRole_ = role;
  update();
}

void Button::setKind(Kind kind) {
  kind_ = kind;
  update();
}

QFont Button::labelFont() const {
  if (size_ == Size::Line) return typeface(Type::Body);
  return typeface(size_ == Size::Small ? Type::Caption : Type::Body, QFont::Medium);
}

int Button::padding(bool left) const {
  const bool withIcon = left && !iconName().isEmpty();
  return size_ != Size::Normal ? (withIcon ? 6 : 10) : (withIcon ? 8 : 12);
}

QSize Button::sizeHint() const {
  const QFontMetrics metrics(labelFont());
  const int iconSide = size_ != Size::Normal ? size::iconSmall : size::icon;
  const int wanted = size_ != Size::Normal ? size::buttonSmall : size::button;
  if (text().isEmpty()) return {wanted, wanted};
  const int icon = iconName().isEmpty() ? 0 : iconSide + iconGap;
  return {padding(true) + icon + metrics.horizontalAdvance(text()) + padding(false),
          qMax(wanted, metrics.height() + 8)};
}

Button::Look Button::look() const {
  if (!isEnabled()) {
    if (kind_ == Kind::Ghost) return {{}, {}, Role::TextDisabled};
    return {colour(Role::Surface), colour(Role::Border), Role::TextDisabled};
  }
  switch (kind_) {
    case Kind::Primary: {
      const Role ground = isDown() ? Role::AccentPressed : isHot() ? Role::AccentHover : Role::Accent;
      return {colour(ground), {}, Role::OnAccent};
    }
    case Kind::Outlined: {
      if (isChecked()) return {colour(Role::AccentSoft), colour(Role::Accent), Role::Accent};
      const Role ground = isDown() ? Role::Pressed : isHot() ? Role::Hover : Role::Surface;
      return {colour(ground), colour(Role::BorderStrong), Role::Text};
    }
    case Kind::Ghost:
      break;
  }
  return {ghostGround(), {}, ghostInk()};
}

void Button::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Look now = look();
  const bool ring = hasRing();
  if (ring && kind_ == Kind::Outlined) {
    drawCard(painter, rect(), radius::control, now.ground, colour(Role::Accent), 2);
  } else {
    drawCard(painter, rect(), radius::control, now.ground, now.outline);
  }
  if (ring && kind_ == Kind::Ghost) drawFocusRing(painter, rect(), radius::control);
  // A ring outside a filled button would be cut off by the widget's edge, so it lies inside, in the label's colour.
  if (ring && kind_ == Kind::Primary) {
    drawCard(painter, rect().adjusted(2, 2, -2, -2), radius::control - 2, {}, colour(Role::OnAccent), 2);
  }

  const QFontMetrics metrics(labelFont());
  if (text().isEmpty()) {
    drawIcon(painter, rect(), iconName(), now.ink, size_ != Size::Normal ? size::iconSmall : size::icon);
    return;
  }
  const int side = size_ != Size::Normal ? size::iconSmall : size::icon;
  const int icon = iconName().isEmpty() ? 0 : side + iconGap;
  const int content = padding(true) + icon + metrics.horizontalAdvance(text()) + padding(false);
  int x = padding(true) + qMax(0, (width() - content) / 2);
  if (icon > 0) {
    const Role role = iconRole_ && isEnabled() ? *iconRole_ : now.ink;
    drawIcon(painter, QRect(x, 0, side, height()), iconName(), role, side);
    x += icon;
  }
  drawLine(painter, QRect(x, 0, width() - x - padding(false) + 2, height()), text(), labelFont(), colour(now.ink));
}

IconButton::IconButton(const QString& icon, const QString& text, QWidget* parent, int side)
    : Pressable(parent), side_(side) {
  setIconName(icon);
  setLabel(text);
  setFixedSize(side, side);
}

void IconButton::setLabel(const QString& text) {
  setAccessibleName(text);
  setToolTip(text);
}

void IconButton::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  if (const QColor ground = ghostGround(); ground.isValid()) drawCard(painter, rect(), radius::control, ground);
  if (hasRing()) drawFocusRing(painter, rect(), radius::control);
  drawIcon(painter, rect(), iconName(), ghostInk(), side_ <= 24 ? size::iconSmall : size::icon);
}

Chip::Chip(QWidget* parent) : Pressable(parent) {
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void Chip::setTexts(const QString& main, const QString& second) {
  if (text() == main && second_ == second) return;
  setText(main);
  second_ = second;
  setToolTip(second.isEmpty() ? main : main + QLatin1Char(' ') + second);
  updateGeometry();
  update();
}

void Chip::setOpensMenu(bool opens) {
  menu_ = opens;
  updateGeometry();
}

QSize Chip::sizeHint() const {
  const QFontMetrics metrics(typeface(Type::Caption, QFont::Medium));
  int width = 2 * space::s + metrics.horizontalAdvance(text());
  if (!iconName().isEmpty()) width += size::iconSmall + iconGap;
  if (!second_.isEmpty()) width += iconGap + QFontMetrics(typeface(Type::Caption)).horizontalAdvance(second_);
  if (menu_) width += iconGap + size::iconSmall;
  return {width + 2, size::chip};
}

QSize Chip::minimumSizeHint() const {
  return {qMin(sizeHint().width(), 96), size::chip};
}

void Chip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QColor hot = isCheckable() ? QColor() : ghostGround();
  const Role ground = isChecked() ? Role::AccentSoft : Role::Raised;
  drawCard(painter, rect(), radius::control, hot.isValid() ? hot : colour(ground), colour(Role::Border));
  if (hasRing()) drawFocusRing(painter, rect(), radius::control);
  int x = space::s;
  int right = width() - space::s;
  if (!iconName().isEmpty()) {
    drawIcon(painter, QRect(x, 0, size::iconSmall, height()), iconName(),
             isEnabled() ? Role::TextMuted : Role::TextDisabled, size::iconSmall);
    x += size::iconSmall + iconGap;
  }
  if (menu_) {
    drawIcon(painter, QRect(right - size::iconSmall, 0, size::iconSmall, height()), QStringLiteral("chevron-down"),
             Role::TextMuted, size::iconSmall);
    right -= size::iconSmall + iconGap;
  }
  const QFont strong = typeface(Type::Caption, QFont::Medium);
  const QFont weak = typeface(Type::Caption);
  const int wanted = QFontMetrics(strong).horizontalAdvance(text());
  const int second = second_.isEmpty() ? 0 : QFontMetrics(weak).horizontalAdvance(second_) + iconGap;
  const int room = right - x;
  // The name matters more: the second part goes when there is no room for both.
  const bool both = second > 0 && wanted + second <= room + 1;
  const int mainWidth = both ? wanted : qMin(wanted, room);
  drawLine(painter, QRect(x, 0, mainWidth + 1, height()), text(), strong,
           colour(isEnabled() ? Role::Text : Role::TextDisabled));
  if (both) {
    drawLine(painter, QRect(x + wanted + iconGap, 0, second, height()), second_, weak, colour(Role::TextMuted));
  }
}

RailButton::RailButton(const QString& icon, const QString& text, QWidget* parent) : Pressable(parent) {
  setIconName(icon);
  setText(text);
  setCheckable(true);
  setFixedSize(sizeHint());
}

void RailButton::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  if (const QColor ground = ghostGround(); ground.isValid()) drawCard(painter, rect(), radius::control, ground);
  if (hasRing()) drawFocusRing(painter, rect(), radius::control);
  const int top = (height() - size::icon - 3 - line::caption) / 2;
  drawIcon(painter, QRect(0, top, width(), size::icon), iconName(), ghostInk(), size::icon);
  const QFont label = typeface(Type::Caption, isChecked() ? QFont::DemiBold : QFont::Normal);
  drawLine(painter, QRect(2, top + size::icon + 3, width() - 4, line::caption), text(), label, colour(ghostInk()),
           Qt::AlignHCenter);
}

}  // namespace hadal::ui
