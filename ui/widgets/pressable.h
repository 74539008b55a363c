#pragma once

#include <QAbstractButton>

#include "ui/theme/theme.h"

namespace hadal::ui {

/// What all our buttons share: the ladder of states and a focus ring that only the keyboard brings.
class Pressable : public QAbstractButton {
  Q_OBJECT
 public:
  explicit Pressable(QWidget* parent = nullptr);

  /// Name of an icon in resources/icons; empty for none.
  void setIconName(const QString& name);
  const QString& iconName() const { return icon_; }

 protected:
  bool hasRing() const { return ring_ && hasFocus(); }
  bool isHot() const { return underMouse() && isEnabled(); }
  /// Ground of the ghost ladder; invalid at rest.
  QColor ghostGround() const;
  Role ghostInk() const;

  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  QString icon_;
  bool ring_ = false;
};

}  // namespace hadal::ui
