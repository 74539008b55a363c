#pragma once

#include "ui/widgets/pressable.h"

namespace hadal::ui {

/// On or off.
class Switch : public Pressable {
  Q_OBJECT
 public:
  explicit Switch(QWidget* parent = nullptr);
  QSize sizeHint() const override { return {36, 20}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
};

/// One of a few, side by side in one outline.
class Segmented : public QWidget {
  Q_OBJECT
 public:
  explicit Segmented(QWidget* parent = nullptr);
  void setOptions(const QStringList& values, const QStringList& labels);
  void setCurrent(const QString& value);

 Q_SIGNALS:
  void chosen(const QString& value);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QList<QAbstractButton*> buttons_;
  QStringList values_;
};

}  // namespace hadal::ui
