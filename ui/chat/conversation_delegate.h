#pragma once

#include <QStyledItemDelegate>

namespace hadal::ui {

/// Draws the rows of the side list; the trailing time gives way to a "more" button under the pointer.
class ConversationDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const override;

  static QRect moreRect(const QRect& row);
  void setOpen(qint64 conversation) { open_ = conversation; }
  /// The ring of the current row shows while the list is walked with the keys.
  void setByKeys(bool byKeys) { byKeys_ = byKeys; }

 private:
  qint64 open_ = 0;
  bool byKeys_ = false;
};

}  // namespace hadal::ui
