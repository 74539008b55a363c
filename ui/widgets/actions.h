#pragma once

#include <QAction>
#include <QObject>
#include <functional>

namespace hadal::ui {

/// The program's one list of actions: menus, shortcuts and the command palette are drawn from it.
class Actions : public QObject {
  Q_OBJECT
 public:
  using Text = std::function<QString()>;

  explicit Actions(QWidget* window);

  /// `text` is asked again when the language changes.
  QAction* add(const QString& id, const QString& icon, const QKeySequence& shortcut, Text text,
               std::function<void()> run);
  QAction* find(const QString& id) const { return actions_.value(id); }
  const QList<QAction*>& all() const { return order_; }
  static QString iconName(const QAction* action) { return action->property("iconName").toString(); }
  void retranslate();

 private:
  QWidget* window_;
  QHash<QString, QAction*> actions_;
  QList<QAction*> order_;
  QHash<QAction*, Text> texts_;
};

}  // namespace hadal::ui
