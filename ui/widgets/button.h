#pragma once

#include "ui/widgets/pressable.h"

namespace hadal::ui {

/// A button with a label, and an icon where it helps.
class Button : public Pressable {
  Q_OBJECT
 public:
  enum class Kind { Primary, Outlined, Ghost };
  /// Line: as small, its label as the text around it.
  enum class Size { Normal, Small, Line };

  Button(Kind kind, const QString& text, QWidget* parent = nullptr, Size size = Size::Normal);
  /// The icon's role where it differs from the label's (the square of Stop).
  void setIconRole(Role role);
  void setKind(Kind kind);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  struct Look {
    QColor ground, outline;
    Role ink;
  };
  Look look() const;
  QFont labelFont() const;
  int padding(bool left) const;

  Kind kind_;
  Size size_;
  std::optional<Role> iconRole_;
};

/// 28 px, an icon alone; its text is its accessible name and tool tip.
class IconButton : public Pressable {
  Q_OBJECT
 public:
  IconButton(const QString& icon, const QString& text, QWidget* parent = nullptr, int side = size::iconButton);
  void setLabel(const QString& text);
  QSize sizeHint() const override { return {side_, side_}; }
  QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  int side_;
};

/// Raised, 26 px: an icon, a name, a muted second part, and a chevron where it opens a menu.
class Chip : public Pressable {
  Q_OBJECT
 public:
  explicit Chip(QWidget* parent = nullptr);
  void setTexts(const QString& main, const QString& second);
  void setOpensMenu(bool opens);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString second_;
  bool menu_ = false;
};

/// An entry of the left rail: icon over label.
class RailButton : public Pressable {
  Q_OBJECT
 public:
  RailButton(const QString& icon, const QString& text, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {size::railItemWidth, size::railItemHeight}; }

 protected:
  /// Which pane shows is the window's to say: Tab reaches every entry, which Qt's own exclusive buttons do not allow.
  void nextCheckState() override {}
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace hadal::ui
