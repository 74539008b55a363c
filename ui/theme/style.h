#pragma once

#include <QProxyStyle>

namespace hadal::ui {

class Theme;

/// How the stock controls (scroll bars, menus, fields, check boxes, tool tips) are drawn. Our own controls draw
/// themselves (ui/widgets).
class Style : public QProxyStyle {
  Q_OBJECT
 public:
  explicit Style(Theme& theme);
  Theme& theme() const { return theme_; }

  void polish(QWidget* widget) override;
  using QProxyStyle::polish;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* data) const override;
  QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                         const QWidget* widget) const override;
  QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                       const QWidget* widget) const override;
  QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                   const QWidget* widget) const override;
  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                          const QWidget* widget) const override;

 private:
  void drawScrollBar(const QStyleOptionSlider& option, QPainter& painter) const;
  void drawMenuItem(const QStyleOptionMenuItem& option, QPainter& painter, const QWidget* widget) const;
  void drawField(const QStyleOption& option, QPainter& painter) const;

  Theme& theme_;
};

}  // namespace hadal::ui
