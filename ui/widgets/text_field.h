#pragma once

#include <QPlainTextEdit>

namespace hadal::ui {

/// Several lines in a field's outline. `edited` comes when the keyboard leaves it.
class TextField : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit TextField(QWidget* parent = nullptr);
  void setText(const QString& text);

 Q_SIGNALS:
  void edited(const QString& text);

 protected:
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
};

/// The wheel scrolls the page; it must not turn the figure under the pointer.
class IgnoreWheel : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace hadal::ui
