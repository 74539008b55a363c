#pragma once

#include <QColor>
#include <QHash>
#include <QIcon>
#include <QPixmap>

namespace hadal::ui {

/// The icon set, rendered for the screen's pixel ratio and tinted; kept by (name, colour, side, ratio).
class IconCache {
 public:
  QPixmap pixmap(const QString& name, const QColor& tint, int side, qreal ratio);

 private:
  QHash<QString, QPixmap> kept_;
};

/// For menus and actions: follows the theme and the state it is drawn in.
QIcon themedIcon(const QString& name);

}  // namespace hadal::ui
