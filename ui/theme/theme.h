#pragma once

#include <QObject>
#include <QPalette>
#include <QPixmap>

#include "ui/theme/fonts.h"
#include "ui/theme/icons.h"
#include "ui/theme/metrics.h"
#include "ui/theme/roles.h"

class QApplication;

namespace hadal::ui {

/// Colours and icons of the scheme that is shown. Lives in the application's style, so there is one for each
/// application and no global. Widgets hear of a switch as QEvent::PaletteChange.
class Theme : public QObject {
  Q_OBJECT
 public:
  enum class Mode { System, Light, Dark };

  /// Gives the application our style and this theme with it.
  static Theme& install(QApplication& application, Mode mode);

  Mode mode() const { return mode_; }
  void setMode(Mode mode);
  bool isDark() const { return dark_; }

  QColor colour(Role role) const { return dark_ ? darkOf(role) : lightOf(role); }
  static QColor lightOf(Role role);
  static QColor darkOf(Role role);

  /// `name` of a file in resources/icons, tinted; `side` in device-independent px.
  QPixmap icon(const QString& name, Role role, int side, qreal ratio) const {
    return icons_.pixmap(name, colour(role), side, ratio);
  }
  QPalette palette() const;

 Q_SIGNALS:
  void changed();

 private:
  explicit Theme(Mode mode);
  void apply();

  Mode mode_;
  bool dark_ = false;
  mutable IconCache icons_;
};

/// The running application's theme. Theme::install must have been called.
Theme& theme();
inline QColor colour(Role role) {
  return theme().colour(role);
}

}  // namespace hadal::ui
