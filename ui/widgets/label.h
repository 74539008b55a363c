#pragma once

#include <QWidget>

#include "ui/theme/theme.h"

namespace hadal::ui {

/// One line in a role's colour that is cut with an ellipsis where it does not fit.
class ElidedLabel : public QWidget {
  Q_OBJECT
 public:
  explicit ElidedLabel(QWidget* parent = nullptr, Type type = Type::Body, int weight = 0, Role role = Role::Text);
  void setText(const QString& text);
  const QString& text() const { return text_; }
  void setRole(Role role);
  void setTabular(bool tabular);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  QFont face() const;
  QString text_;
  Type type_;
  int weight_;
  Role role_;
  bool tabular_ = false;
};

/// Wrapped text in a role's colour with the design's line height.
class TextLabel : public QWidget {
  Q_OBJECT
 public:
  explicit TextLabel(QWidget* parent = nullptr, Type type = Type::Body, int weight = 0, Role role = Role::Text);
  void setText(const QString& text);
  const QString& text() const { return text_; }
  void setAlignment(Qt::Alignment alignment);
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  int lay(int width, QPainter* painter) const;
  QString text_;
  Type type_;
  int weight_;
  Role role_;
  Qt::Alignment alignment_ = Qt::AlignLeft;
};

}  // namespace hadal::ui
