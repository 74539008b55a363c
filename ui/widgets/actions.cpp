#include "ui/widgets/actions.h"

#include <QWidget>

#include "ui/theme/icons.h"

namespace hadal::ui {

Actions::Actions(QWidget* window) : QObject(window), window_(window) {}

QAction* Actions::add(const QString& id, const QString& icon, const QKeySequence& shortcut, Text text,
                      std::function<void()> run) {
  auto* action = new QAction(this);
  action->setObjectName(id);
  action->setProperty("iconName", icon);
  if (!icon.isEmpty()) action->setIcon(themedIcon(icon));
  action->setShortcut(shortcut);
  action->setShortcutContext(Qt::WindowShortcut);
  action->setText(text());
  connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
  window_->addAction(action);
  actions_.insert(id, action);
  order_ << action;
  texts_.insert(action, std::move(text));
  return action;
}

void Actions::retranslate() {
  for (QAction* action : std::as_const(order_)) action->setText(texts_.value(action)());
}

}  // namespace hadal::ui
