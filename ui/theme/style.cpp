#include "ui/theme/style.h"

#include <QAbstractScrollArea>
#include <QBitmap>
#include <QLineEdit>
#include <QMenu>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr int menuItemHeight = 32, menuPadding = 4, menuIconSpace = 32;

// Popups have round corners without needing a compositor: the window itself is cut.
class RoundedMask : public QObject {
 public:
  RoundedMask(QWidget* widget, int corner) : QObject(widget), corner_(corner) { widget->installEventFilter(this); }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Resize || event->type() == QEvent::Show) {
      auto* widget = static_cast<QWidget*>(watched);
      QBitmap mask(widget->size());
      mask.fill(Qt::color0);
      QPainter painter(&mask);
      painter.setBrush(Qt::color1);
      painter.setPen(Qt::color1);
      painter.drawRoundedRect(widget->rect().adjusted(0, 0, -1, -1), corner_, corner_);
      painter.end();
      widget->setMask(mask);
    }
    return QObject::eventFilter(watched, event);
  }

 private:
  int corner_;
};

QString textBeforeTab(const QString& text) {
  return text.section(QLatin1Char('\t'), 0, 0);
}

QString shortcutOf(const QString& text) {
  return text.section(QLatin1Char('\t'), 1);
}

}  // namespace

Style::Style(Theme& theme) : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))), theme_(theme) {}

void Style::polish(QWidget* widget) {
  QProxyStyle::polish(widget);
  if (qobject_cast<QMenu*>(widget) || widget->inherits("QTipLabel")) {
    // A little squarer than what is drawn, so that it cuts nothing off the line.
    new RoundedMask(widget, qobject_cast<QMenu*>(widget) ? radius::card - 4 : radius::small - 1);
  }
  if (widget->inherits("QScrollBar") || qobject_cast<QLineEdit*>(widget)) widget->setAttribute(Qt::WA_Hover);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  switch (metric) {
    case PM_ScrollBarExtent:
      return 12;
    case PM_ScrollBarSliderMin:
      return 32;
    case PM_ScrollView_ScrollBarSpacing:
      return 0;
    case PM_MenuPanelWidth:
      return 1;
    case PM_MenuHMargin:
    case PM_MenuVMargin:
      return menuPadding;
    case PM_SmallIconSize:
      return size::iconSmall;
    case PM_ButtonIconSize:
      return size::icon;
    case PM_SplitterWidth:
      return 1;
    case PM_ToolTipLabelFrameWidth:
      return 7;
    case PM_DefaultFrameWidth:
      return widget && qobject_cast<const QLineEdit*>(widget) ? 1 : QProxyStyle::pixelMetric(metric, option, widget);
    case PM_TextCursorWidth:
      return 1;
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const {
  switch (hint) {
    case SH_ScrollBar_Transient:
      return 0;
    case SH_ToolTip_Mask:
      return 0;
    case SH_ToolTipLabel_Opacity:
      return 255;
    case SH_Menu_Mask:
      return 0;
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
      return 0;
    case SH_ItemView_ActivateItemOnSingleClick:
      return 0;
    case SH_Menu_SubMenuPopupDelay:
      return motion::fold;
    case SH_ScrollBar_LeftClickAbsolutePosition:
      return 0;
    default:
      return QProxyStyle::styleHint(hint, option, widget, data);
  }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                              const QWidget* widget) const {
  if (type == CT_MenuItem) {
    const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
    if (item && item->menuItemType == QStyleOptionMenuItem::Separator) return {contents.width(), 9};
    const QFontMetrics metrics(item ? item->font : QFont());
    const QString shortcut = item ? shortcutOf(item->text) : QString();
    int width = menuIconSpace + metrics.horizontalAdvance(textBeforeTab(item ? item->text : QString())) + space::xl;
    if (!shortcut.isEmpty()) width += metrics.horizontalAdvance(shortcut) + space::xl;
    return {qMax(width, 168), menuItemHeight};
  }
  if (type == CT_LineEdit) return {contents.width(), qMax(size::field, contents.height())};
  return QProxyStyle::sizeFromContents(type, option, contents, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                            const QWidget* widget) const {
  if (control == CC_ScrollBar) {
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    const bool upright = bar->orientation == Qt::Vertical;
    const int length = upright ? bar->rect.height() : bar->rect.width();
    const qint64 range = qint64(bar->maximum) - bar->minimum;
    int thumb = length;
    if (range > 0) {
      thumb = int(qint64(bar->pageStep) * length / (range + bar->pageStep));
      thumb = qBound(qMin(32, length), thumb, length);
    }
    const int start =
        sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - thumb, bar->upsideDown);
    const auto along = [&](int from, int size) {
      return upright ? QRect(bar->rect.x(), bar->rect.y() + from, bar->rect.width(), size)
                     : QRect(bar->rect.x() + from, bar->rect.y(), size, bar->rect.height());
    };
    switch (part) {
      case SC_ScrollBarSlider:
        return along(start, thumb);
      case SC_ScrollBarGroove:
        return bar->rect;
      case SC_ScrollBarSubPage:
        return along(0, start);
      case SC_ScrollBarAddPage:
        return along(start + thumb, length - start - thumb);
      default:
        return {};
    }
  }
  return QProxyStyle::subControlRect(control, option, part, widget);
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const {
  if (element == SE_LineEditContents) return option->rect.adjusted(6, 0, -4, 0);
  return QProxyStyle::subElementRect(element, option, widget);
}

void Style::drawField(const QStyleOption& option, QPainter& painter) const {
  const bool enabled = option.state & State_Enabled;
  const bool focus = (option.state & State_HasFocus) && enabled;
  const bool hover = (option.state & State_MouseOver) && enabled;
  const QColor ground = theme_.colour(enabled ? Role::Surface : Role::Window);
  const QColor outline = theme_.colour(focus ? Role::Accent : hover ? Role::Control : Role::BorderStrong);
  drawCard(painter, option.rect, radius::control, ground, outline, focus ? 2 : 1);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
  switch (element) {
    case PE_PanelLineEdit:
      if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option); frame && frame->lineWidth > 0) {
        drawField(*option, *painter);
      }
      return;
    case PE_FrameLineEdit:
      drawField(*option, *painter);
      return;
    case PE_PanelMenu:
    case PE_FrameMenu:
      painter->fillRect(option->rect, theme_.colour(Role::Popup));
      drawCard(*painter, option->rect, radius::card - 2, theme_.colour(Role::Popup), theme_.colour(Role::BorderStrong));
      return;
    case PE_PanelTipLabel:
      drawCard(*painter, option->rect, radius::small, theme_.colour(Role::Popup), theme_.colour(Role::BorderStrong));
      return;
    case PE_FrameFocusRect:  // Our controls draw their own rings.
    case PE_PanelScrollAreaCorner:
      return;
    case PE_Frame:
      if (widget && widget->property("field").toBool()) drawField(*option, *painter);
      if (qobject_cast<const QAbstractScrollArea*>(widget)) return;
      break;
    default:
      break;
  }
  QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawMenuItem(const QStyleOptionMenuItem& option, QPainter& painter, const QWidget*) const {
  const QRect rect = option.rect;
  if (option.menuItemType == QStyleOptionMenuItem::Separator) {
    painter.fillRect(QRect(rect.x(), rect.center().y(), rect.width(), 1), theme_.colour(Role::Border));
    return;
  }
  const bool enabled = option.state & State_Enabled;
  const bool active = (option.state & State_Selected) && enabled;
  if (active) drawCard(painter, rect, radius::control, theme_.colour(Role::Hover));

  const QRect iconRect(rect.x() + 8, rect.y(), size::iconSmall, rect.height());
  if (option.checkType != QStyleOptionMenuItem::NotCheckable) {
    if (option.checked) drawIcon(painter, iconRect, QStringLiteral("check"), Role::Accent, size::iconSmall);
  } else if (!option.icon.isNull()) {
    const auto mode = !enabled ? QIcon::Disabled : active ? QIcon::Active : QIcon::Normal;
    option.icon.paint(&painter, iconRect, Qt::AlignCenter, mode);
  }
  QRect text = rect.adjusted(menuIconSpace, 0, -space::m, 0);
  const QString shortcut = shortcutOf(option.text);
  if (!shortcut.isEmpty()) {
    drawLine(painter, text, shortcut, typeface(Type::Caption),
             theme_.colour(enabled ? Role::TextMuted : Role::TextDisabled), Qt::AlignRight);
    text.setRight(text.right() - QFontMetrics(typeface(Type::Caption)).horizontalAdvance(shortcut) - space::m);
  }
  // Menus mark mnemonics with '&'; a doubled one stands for itself.
  QString label = textBeforeTab(option.text);
  label.replace(QLatin1String("&&"), QString(QChar(1))).remove(QLatin1Char('&')).replace(QChar(1), QLatin1Char('&'));
  drawLine(painter, text, label, typeface(Type::Body), theme_.colour(enabled ? Role::Text : Role::TextDisabled));
  if (option.menuItemType == QStyleOptionMenuItem::SubMenu) {
    drawIcon(painter, QRect(rect.right() - 20, rect.y(), 16, rect.height()), QStringLiteral("chevron-right"),
             Role::TextMuted, size::iconSmall);
  }
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
  switch (element) {
    case CE_MenuItem:
      if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option))
        drawMenuItem(*item, *painter, widget);
      return;
    case CE_MenuEmptyArea:
      return;
    case CE_Splitter: {
      const bool held = option->state & (State_MouseOver | State_Sunken);
      painter->fillRect(option->rect, theme_.colour(held ? Role::Accent : Role::Border));
      return;
    }
    default:
      QProxyStyle::drawControl(element, option, painter, widget);
  }
}

void Style::drawScrollBar(const QStyleOptionSlider& option, QPainter& painter) const {
  if (option.maximum <= option.minimum) return;
  QRect thumb = subControlRect(CC_ScrollBar, &option, SC_ScrollBarSlider, nullptr);
  thumb = option.orientation == Qt::Vertical ? QRect(thumb.right() - 8, thumb.y() + 2, 6, thumb.height() - 4)
                                             : QRect(thumb.x() + 2, thumb.bottom() - 8, thumb.width() - 4, 6);
  const bool active = option.state & (State_MouseOver | State_Sunken);
  drawCard(painter, thumb, 3, theme_.colour(active ? Role::Control : Role::Scrollbar));
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                               const QWidget* widget) const {
  if (control == CC_ScrollBar) {
    if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option)) drawScrollBar(*bar, *painter);
    return;
  }
  if (control == CC_SpinBox) {
    drawField(*option, *painter);
    return;
  }
  QProxyStyle::drawComplexControl(control, option, painter, widget);
}

}  // namespace hadal::ui
