#include "ui/chat/conversation_panel.h"

#include <QBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>

#include "ui/chat/conversation_delegate.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/search_field.h"

namespace hadal::ui {

namespace {
constexpr int wordsFrom = 250;
}

ConversationPanel::ConversationPanel(ChatService& chat, QWidget* parent)
    : QWidget(parent), chat_(chat), model_(new ConversationModel(this)), delegate_(new ConversationDelegate(this)) {
  search_ = new SearchField(this);
  search_->setObjectName(QStringLiteral("chatSearch"));
  newChat_ = new Button(Button::Kind::Outlined, {}, this);
  newChat_->setIconName(QStringLiteral("new-chat"));
  newChat_->setObjectName(QStringLiteral("newChat"));
  list_ = new QListView(this);
  list_->setObjectName(QStringLiteral("conversations"));
  list_->setModel(model_);
  list_->setItemDelegate(delegate_);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setMouseTracking(true);
  list_->setSelectionMode(QAbstractItemView::SingleSelection);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setContextMenuPolicy(Qt::CustomContextMenu);
  list_->viewport()->setAutoFillBackground(false);
  list_->viewport()->installEventFilter(this);
  list_->installEventFilter(this);

  auto* top = new QHBoxLayout;
  top->setContentsMargins(space::m, space::s, space::m, space::s);
  top->setSpacing(space::s);
  top->addWidget(search_, 1);
  top->addWidget(newChat_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(top);
  layout->addWidget(list_, 1);

  searchLater_.setSingleShot(true);
  searchLater_.setInterval(150);
  connect(&searchLater_, &QTimer::timeout, this, &ConversationPanel::search);
  connect(search_, &QLineEdit::textChanged, this, [this](const QString& text) {
    model_->setFilter(text);
    searchLater_.start();
  });
  connect(search_, &SearchField::leaveDown, this, [this] {
    list_->setFocus(Qt::TabFocusReason);
    step(1);
  });
  connect(search_, &QLineEdit::returnPressed, this, [this] {
    for (int row = 0; row < model_->rowCount(); ++row) {
      if (model_->index(row).data(ConversationModel::IsGroupRole).toBool()) continue;
      activate(model_->index(row));
      return;
    }
  });
  connect(newChat_, &Button::clicked, this, &ConversationPanel::newChatWanted);
  connect(list_, &QListView::customContextMenuRequested, this, [this](const QPoint& at) {
    const QModelIndex index = list_->indexAt(at);
    if (index.isValid()) showMenu(index, list_->viewport()->mapToGlobal(at));
  });
  connect(model_, &ConversationModel::renamed, this, [this](ConversationId id, const QString& title) {
    const Conversation* before = model_->find(id);
    const QString old = before ? before->title : QString();
    chat_.rename(id, title).then(this, [this, id, old](const Outcome<Nothing>& done) {
      if (done) {
        Q_EMIT renamed(id, old);
      } else {
        Q_EMIT failed(done.error);
      }
    });
  });
  connect(model_, &ConversationModel::folderRenamed, this, [this](FolderId id, const QString& name) {
    chat_.renameFolder(id, name).then(this, [this](const Outcome<Nothing>& done) {
      if (!done) Q_EMIT failed(done.error);
    });
  });
  connect(model_, &QAbstractItemModel::modelAboutToBeReset, this, [this] {
    currentRow_ = list_->currentIndex().row();
    current_ = list_->currentIndex().data(ConversationModel::IdRole).toLongLong();
  });
  connect(model_, &QAbstractItemModel::modelReset, this, [this] {
    setOpen(open_);
    if (list_->hasFocus()) keepPlace();
    // A folder that was just made is named as soon as its head is there.
    if (folderToName_ != 0 && model_->indexOfFolder(folderToName_).isValid())
      renameFolder(std::exchange(folderToName_, 0));
  });
  connect(&chat_, &ChatService::conversationChanged, model_, &ConversationModel::upsert);
  connect(&chat_, &ChatService::foldersChanged, this, &ConversationPanel::reload);
  connect(&chat_, &ChatService::conversationRemoved, model_, &ConversationModel::remove);
  retranslate();
}

void ConversationPanel::retranslate() {
  search_->setPlaceholderText(tr("Search chats"));
  search_->setAccessibleName(tr("Search chats"));
  newChat_->setAccessibleName(tr("New chat"));
  newChat_->setToolTip(tr("New chat"));
  fitButton();
  list_->setAccessibleName(tr("Chats"));
  model_->retranslate();
}

// In a narrow list the search needs the room more than the button's words do.
void ConversationPanel::fitButton() {
  newChat_->setText(width() < wordsFrom ? QString() : tr("New chat"));
  newChat_->updateGeometry();
}

void ConversationPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitButton();
}

void ConversationPanel::reload() {
  chat_.list().then(this, [this](const Outcome<ConversationList>& list) {
    if (list) {
      model_->setAll(*list);
      Q_EMIT listed();
      Q_EMIT newDraftFound(list->newDraft);
    } else {
      Q_EMIT unreadable(list.error);
      Q_EMIT newDraftFound({});
    }
  });
}

void ConversationPanel::setOpen(ConversationId id) {
  open_ = id;
  delegate_->setOpen(id);
  const QModelIndex index = model_->indexOf(id);
  if (index.isValid()) {
    list_->setCurrentIndex(index);
  } else if (!list_->hasFocus()) {
    list_->clearSelection();
    list_->setCurrentIndex({});
  }
  list_->viewport()->update();
}

// Whoever walks the list with the keys stays where they were, or beside what went away.
void ConversationPanel::keepPlace() {
  if (const QModelIndex same = model_->indexOf(current_); current_ != 0 && same.isValid()) {
    list_->setCurrentIndex(same);
    return;
  }
  if (currentRow_ < 0) return;
  for (int row = qMin(currentRow_, model_->rowCount() - 1); row >= 0; --row) {
    if (model_->index(row).data(ConversationModel::IsGroupRole).toBool()) continue;
    list_->setCurrentIndex(model_->index(row));
    return;
  }
  step(1);
}

void ConversationPanel::focusSearch() {
  search_->setFocus(Qt::ShortcutFocusReason);
  search_->selectAll();
}

void ConversationPanel::rename(ConversationId id) {
  const QModelIndex index = model_->indexOf(id);
  if (index.isValid()) list_->edit(index);
}

void ConversationPanel::search() {
  const QString text = search_->text().trimmed();
  if (text.size() < 2) return;
  chat_.search(text).then(this, [this, text](const Outcome<QList<SearchHit>>& hits) {
    if (text != search_->text().trimmed()) return;
    if (hits) {
      model_->setHits(*hits);
    } else {
      Q_EMIT failed(hits.error);
    }
  });
}

void ConversationPanel::activate(const QModelIndex& index) {
  if (!index.isValid() || index.data(ConversationModel::IsGroupRole).toBool()) return;
  Q_EMIT openWanted(index.data(ConversationModel::IdRole).toLongLong(),
                    index.data(ConversationModel::MessageRole).toLongLong());
}

void ConversationPanel::showMenu(const QModelIndex& index, const QPoint& global) {
  if (index.data(ConversationModel::IsGroupRole).toBool()) {
    showFolderMenu(index, global);
    return;
  }
  const ConversationId id = index.data(ConversationModel::IdRole).toLongLong();
  const bool pinned = index.data(ConversationModel::PinnedRole).toBool();
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(themedIcon(QStringLiteral("edit")), tr("Rename"), this, [this, id] { rename(id); });
  menu->addAction(themedIcon(pinned ? QStringLiteral("unpin") : QStringLiteral("pin")),
                  pinned ? tr("Unpin") : tr("Pin"), this, [this, id, pinned] {
                    chat_.setPinned(id, !pinned).then(this, [this](const Outcome<Nothing>& done) {
                      if (!done) Q_EMIT failed(done.error);
                    });
                  });
  addFolderMenu(*menu, id);
  menu->addSeparator();
  menu->addAction(themedIcon(QStringLiteral("trash")), tr("Delete"), this, [this, id] { Q_EMIT deleteWanted(id); });
  menu->popup(global);
}

void ConversationPanel::moveTo(ConversationId id, FolderId folder) {
  chat_.moveToFolder(id, folder).then(this, [this](const Outcome<Nothing>& done) {
    if (!done) Q_EMIT failed(done.error);
  });
}

void ConversationPanel::addFolderMenu(QMenu& menu, ConversationId id) {
  const Conversation* chat = model_->find(id);
  QMenu* folders = menu.addMenu(themedIcon(QStringLiteral("folder")), tr("Move to folder"));
  const auto add = [&](const QString& name, FolderId folder) {
    QAction* action = folders->addAction(name, this, [this, id, folder] { moveTo(id, folder); });
    action->setCheckable(true);
    action->setChecked(chat && chat->folder == folder);
  };
  add(tr("No folder"), 0);
  for (const Folder& folder : model_->folders()) add(folder.name, folder.id);
  folders->addSeparator();
  folders->addAction(themedIcon(QStringLiteral("plus")), tr("New folder"), this, [this, id] {
    chat_.addFolder(tr("New folder")).then(this, [this, id](const Outcome<Folder>& made) {
      if (!made) {
        Q_EMIT failed(made.error);
        return;
      }
      folderToName_ = made->id;
      moveTo(id, made->id);
    });
  });
}

// A group head that stands for a folder has a menu of its own.
void ConversationPanel::showFolderMenu(const QModelIndex& index, const QPoint& global) {
  const FolderId folder = index.data(ConversationModel::FolderRole).toLongLong();
  if (folder == 0) return;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(themedIcon(QStringLiteral("edit")), tr("Rename the folder"), this,
                  [this, folder] { renameFolder(folder); });
  menu->addAction(themedIcon(QStringLiteral("trash")), tr("Remove the folder, keep its chats"), this, [this, folder] {
    chat_.removeFolder(folder).then(this, [this](const Outcome<Nothing>& done) {
      if (!done) Q_EMIT failed(done.error);
    });
  });
  menu->popup(global);
}

void ConversationPanel::renameFolder(FolderId folder) {
  const QModelIndex index = model_->indexOfFolder(folder);
  if (index.isValid()) list_->edit(index);
}

void ConversationPanel::step(int direction) {
  int row = list_->currentIndex().isValid() ? list_->currentIndex().row() : -1;
  for (row += direction; row >= 0 && row < model_->rowCount(); row += direction) {
    if (model_->index(row).data(ConversationModel::IsGroupRole).toBool()) continue;
    list_->setCurrentIndex(model_->index(row));
    return;
  }
  if (direction < 0) search_->setFocus(Qt::BacktabFocusReason);
}

bool ConversationPanel::listKey(QKeyEvent* event) {
  const QModelIndex index = list_->currentIndex();
  switch (event->key()) {
    case Qt::Key_Up:
      step(-1);
      return true;
    case Qt::Key_Down:
      step(1);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      activate(index);
      return true;
    case Qt::Key_F2:
      if (index.isValid()) list_->edit(index);
      return true;
    case Qt::Key_Delete:
      if (index.isValid()) Q_EMIT deleteWanted(index.data(ConversationModel::IdRole).toLongLong());
      return true;
    case Qt::Key_Menu:
      if (index.isValid()) showMenu(index, list_->viewport()->mapToGlobal(list_->visualRect(index).center()));
      return true;
    default:
      return false;
  }
}

bool ConversationPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == list_->viewport() && event->type() == QEvent::MouseButtonPress) delegate_->setByKeys(false);
  if (watched == list_ && event->type() == QEvent::FocusIn && !list_->currentIndex().isValid()) step(1);
  if (watched == list_ && event->type() == QEvent::KeyPress && list_->hasFocus()) {
    delegate_->setByKeys(true);
    list_->viewport()->update();
    if (listKey(static_cast<QKeyEvent*>(event))) return true;
  }
  if (watched == list_->viewport() && event->type() == QEvent::MouseButtonRelease) {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    const QModelIndex index = list_->indexAt(mouse->pos());
    if (mouse->button() == Qt::LeftButton && index.isValid()) {
      if (ConversationDelegate::moreRect(list_->visualRect(index)).contains(mouse->pos())) {
        showMenu(index, mouse->globalPosition().toPoint());
      } else {
        activate(index);
      }
    }
  }
  return QWidget::eventFilter(watched, event);
}

void ConversationPanel::paintEvent(QPaintEvent*) {
  QPainter(this).fillRect(rect(), colour(Role::Window));
}

void ConversationPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

}  // namespace hadal::ui
