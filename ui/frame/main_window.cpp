#include "ui/frame/main_window.h"

#include <QApplication>
#include <QBoxLayout>
#include <QCloseEvent>
#include <QDir>
#include <QMimeData>
#include <QPainter>
#include <QScreen>
#include <QStackedWidget>

#include "app/chat/chat_service.h"
#include "app/inference/inference_service.h"
#include "app/inference/model_path.h"
#include "app/language/engine_words.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "ui/chat/chat_pane.h"
#include "ui/experts/experts_page.h"
#include "ui/frame/command_palette.h"
#include "ui/settings/settings_page.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"
#include "ui/widgets/status_line.h"

namespace hadal::ui {

namespace {

QString droppedModel(const QMimeData* data) {
  for (const QUrl& url : data->urls()) {
    if (url.isLocalFile() && mayBeModel(url.toLocalFile())) return QDir::cleanPath(url.toLocalFile());
  }
  return {};
}

}  // namespace

MainWindow::MainWindow(Services services, const QString& stateFile)
    : services_(services), state_(stateFile), actions_(new Actions(this)) {
  setObjectName(QStringLiteral("mainWindow"));
  setAcceptDrops(true);
  setMinimumSize(640, 440);

  auto* rail = new QWidget(this);
  rail->setFixedWidth(size::rail);
  chatButton_ = new RailButton(QStringLiteral("chat"), {}, rail);
  chatButton_->setObjectName(QStringLiteral("railChat"));
  settingsButton_ = new RailButton(QStringLiteral("settings"), {}, rail);
  settingsButton_->setObjectName(QStringLiteral("railSettings"));
  auto* railLayout = new QVBoxLayout(rail);
  railLayout->setContentsMargins(6, space::s, 6, space::s);
  railLayout->setSpacing(space::xs);
  railLayout->addWidget(chatButton_);
  railLayout->addStretch(1);
  railLayout->addWidget(settingsButton_);

  stack_ = new QStackedWidget(this);
  chat_ = new ChatPane(services_, state_, *actions_, stack_);
  stack_->addWidget(chat_);
  status_ = new StatusLine(this);

  auto* middle = new QHBoxLayout;
  middle->setContentsMargins(0, 0, 0, 0);
  middle->setSpacing(0);
  middle->addWidget(rail);
  middle->addWidget(stack_, 1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(middle, 1);
  layout->addWidget(status_);

  connect(chatButton_, &RailButton::clicked, this, &MainWindow::showChat);
  connect(settingsButton_, &RailButton::clicked, this, &MainWindow::showSettings);
  connect(chat_, &ChatPane::contextChanged, status_, &StatusLine::setContext);
  connect(chat_, &ChatPane::speedChanged, status_, &StatusLine::setSpeed);
  connect(chat_, &ChatPane::settingsWanted, this, &MainWindow::showSettings);
  connect(chat_, &ChatPane::expertsWanted, this, &MainWindow::showExperts);
  connect(chat_, &ChatPane::titleChanged, this, [this](const QString& title) {
    setWindowTitle(title.isEmpty() ? QStringLiteral("Hadal") : title + QStringLiteral(" - Hadal"));
  });
  const auto showModel = [this](const ModelStatus& status) {
    status_->setModel(status);
    const bool loading = status.state == ModelStatus::State::Loading;
    status_->setWork(loading ? tr("Loading model") : QString(), status.progress);
  };
  connect(&services_.inference, &InferenceService::statusChanged, this, showModel);
  // The chat says these things too, but it may not be what is looked at.
  const auto sayInSettings = [this](const QString& sentence) {
    if (settings_ && stack_->currentWidget() == settings_) settings_->showNotice(sentence);
  };
  connect(&services_.profile, &Profile::noticeAdded, this, sayInSettings);
  connect(&services_.inference, &InferenceService::statusChanged, this, [sayInSettings](const ModelStatus& status) {
    if (status.state == ModelStatus::State::Failed) sayInSettings(engineWords(status.error));
  });
  showModel(services_.inference.status());

  addChatActions();
  addActions();
  chat_->refreshActions();
  chatButton_->setChecked(true);
  retranslate();
  restoreWindow();
}

// Also when a signal ends the program, which closes no window.
MainWindow::~MainWindow() {
  saveWindow();
}

void MainWindow::addActions() {
  actions_->add(
      QStringLiteral("pane.chat"), QStringLiteral("chat"), QKeySequence(Qt::CTRL | Qt::Key_1),
      [] { return tr("Show chat"); }, [this] { showChat(); });
  actions_->add(
      QStringLiteral("palette"), QStringLiteral("palette"), QKeySequence(Qt::CTRL | Qt::Key_K),
      [] { return tr("Command palette"); }, [this] { showPalette(); });
  actions_->add(
      QStringLiteral("settings"), QStringLiteral("settings"), QKeySequence(Qt::CTRL | Qt::Key_Comma),
      [] { return tr("Settings"); }, [this] { showSettings(); });
  actions_->add(
      QStringLiteral("theme"), QStringLiteral("theme"), {}, [] { return tr("Switch between light and dark"); },
      [this] { switchTheme(); });
  actions_->add(
      QStringLiteral("language"), QStringLiteral("language"), {},
      [] { return tr("Switch between English and Chinese"); },
      [this] {
        const bool chinese = QLocale().language() == QLocale::Chinese;
        services_.settings.setValue(QLatin1String(setting::language),
                                    chinese ? QStringLiteral("en") : QStringLiteral("zh_CN"));
      });
  actions_->add(
      QStringLiteral("model.choose"), QStringLiteral("model"), QKeySequence(Qt::CTRL | Qt::Key_M),
      [] { return tr("Choose a model file"); }, [this] { chat_->chooseModelFile(); });
  actions_->add(
      QStringLiteral("model.folder"), QStringLiteral("folder"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_M),
      [] { return tr("Choose a model's folder"); }, [this] { chat_->chooseModelFolder(); });
  actions_->add(
      QStringLiteral("experts"), QStringLiteral("experts"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E),
      [] { return tr("Show the experts"); }, [this] { showExperts(); });
  actions_->add(
      QStringLiteral("model.unload"), QStringLiteral("chip"), {}, [] { return tr("Unload the model"); },
      [this] { services_.inference.unload(); });
  actions_->add(
      QStringLiteral("quit"), QStringLiteral("quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), [] { return tr("Quit"); },
      [this] { close(); });
}

void MainWindow::addChatActions() {
  const auto onChat = [this](auto run) {
    return [this, run] {
      showChat();
      run();
    };
  };
  actions_->add(
      QStringLiteral("chat.new"), QStringLiteral("new-chat"), QKeySequence::New, [] { return tr("New chat"); },
      onChat([this] { chat_->newChat(); }));
  actions_->add(
      QStringLiteral("chat.find"), QStringLiteral("search"), QKeySequence::Find, [] { return tr("Find in this chat"); },
      onChat([this] { chat_->findHere(); }));
  actions_->add(
      QStringLiteral("chat.search"), QStringLiteral("search"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F),
      [] { return tr("Search all chats"); }, onChat([this] { chat_->searchEverywhere(); }));
  actions_->add(
      QStringLiteral("chat.stop"), QStringLiteral("stop"), QKeySequence(Qt::Key_Escape),
      [] { return tr("Stop the answer"); }, [this] { chat_->stop(); });
  actions_->add(
      QStringLiteral("chat.regenerate"), QStringLiteral("regenerate"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R),
      [] { return tr("Regenerate the last answer"); }, onChat([this] { chat_->regenerateLast(); }));
  actions_->add(
      QStringLiteral("chat.rename"), QStringLiteral("edit"), {}, [] { return tr("Rename this chat"); },
      onChat([this] { chat_->renameCurrent(); }));
  actions_->add(
      QStringLiteral("chat.pin"), QStringLiteral("pin"), {}, [] { return tr("Pin or unpin this chat"); },
      onChat([this] { chat_->pinCurrent(); }));
  actions_->add(
      QStringLiteral("chat.copy"), QStringLiteral("copy"), {}, [] { return tr("Copy this chat as Markdown"); },
      onChat([this] { chat_->copyCurrent(); }));
  actions_->add(
      QStringLiteral("chat.undo"), QStringLiteral("regenerate"), QKeySequence::Undo,
      [] { return tr("Bring the deleted chat back"); }, onChat([this] { chat_->undoRemoval(); }));
  actions_->add(
      QStringLiteral("chat.delete"), QStringLiteral("trash"), {}, [] { return tr("Delete this chat"); },
      onChat([this] { chat_->deleteCurrent(); }));
}

void MainWindow::retranslate() {
  chatButton_->setText(tr("Chat"));
  settingsButton_->setText(tr("Settings"));
  actions_->retranslate();
}

void MainWindow::showChat() {
  if (settings_) settings_->dismissNotices();
  stack_->setCurrentWidget(chat_);
  chatButton_->setChecked(true);
  settingsButton_->setChecked(false);
  chat_->focusComposer();
}

void MainWindow::showSettings() {
  if (!settings_) {
    settings_ = new SettingsPage(services_.settings, stack_);
    connect(settings_, &SettingsPage::modelWanted, chat_, &ChatPane::showModelMenu);
    connect(&services_.inference, &InferenceService::statusChanged, settings_, &SettingsPage::setModel);
    settings_->setModel(services_.inference.status());
    stack_->addWidget(settings_);
  }
  stack_->setCurrentWidget(settings_);
  settingsButton_->setChecked(true);
  chatButton_->setChecked(false);
  settings_->setFocus();
}

void MainWindow::showExperts() {
  if (!experts_) {
    experts_ = new ExpertsPage(stack_);
    connect(experts_, &ExpertsPage::closed, this, &MainWindow::showChat);
    connect(&services_.inference, &InferenceService::statusChanged, experts_, &ExpertsPage::setModel);
    connect(&services_.inference, &InferenceService::expertsChanged, experts_, &ExpertsPage::setUse);
    experts_->setModel(services_.inference.status());
    experts_->setUse(services_.inference.experts());
    stack_->addWidget(experts_);
  }
  if (settings_) settings_->dismissNotices();
  stack_->setCurrentWidget(experts_);
  chatButton_->setChecked(false);
  settingsButton_->setChecked(false);
  experts_->setFocus();
}

void MainWindow::showPalette() {
  if (!palette_) {
    palette_ = new CommandPalette(*actions_, this);
    connect(palette_, &CommandPalette::conversationChosen, this, [this](ConversationId id) {
      showChat();
      chat_->openConversation(id);
    });
  }
  palette_->open(chat_->conversations());
}

void MainWindow::switchTheme() {
  const QString next = theme().isDark() ? QStringLiteral("light") : QStringLiteral("dark");
  services_.settings.setValue(QLatin1String(setting::theme), next);
}

void MainWindow::restoreWindow() {
  const QJsonObject window = state_.value(QStringLiteral("window")).toObject();
  const QRect screen = QGuiApplication::primaryScreen()->availableGeometry();
  QRect wanted(window.value(QStringLiteral("x")).toInt(-1), window.value(QStringLiteral("y")).toInt(-1),
               window.value(QStringLiteral("width")).toInt(), window.value(QStringLiteral("height")).toInt());
  if (wanted.width() < minimumWidth() || wanted.height() < minimumHeight()) {
    wanted = QRect(QPoint(-1, -1), QSize(qMin(1440, screen.width()), qMin(900, screen.height())));
  }
  resize(wanted.size());
  // A place on a screen that is gone would hide the window.
  const auto screens = QGuiApplication::screens();
  const bool visible = std::any_of(screens.begin(), screens.end(), [&](const QScreen* s) {
    return s->availableGeometry().intersected(wanted).width() > 100;
  });
  if (visible && wanted.x() >= 0 && wanted.y() >= 0) move(wanted.topLeft());
  if (window.value(QStringLiteral("maximized")).toBool()) setWindowState(Qt::WindowMaximized);
}

void MainWindow::saveWindow() {
  const QRect place = isMaximized() ? normalGeometry() : geometry();
  state_.set(QStringLiteral("window"), QJsonObject{{QStringLiteral("x"), place.x()},
                                                   {QStringLiteral("y"), place.y()},
                                                   {QStringLiteral("width"), place.width()},
                                                   {QStringLiteral("height"), place.height()},
                                                   {QStringLiteral("maximized"), isMaximized()}});
  chat_->saveState();
  state_.flush();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  saveWindow();
  event->accept();
  QApplication::quit();
}

void MainWindow::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void MainWindow::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Window));
  painter.fillRect(size::rail - 1, 0, 1, height(), colour(Role::Border));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!droppedModel(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString file = droppedModel(event->mimeData());
  if (file.isEmpty()) return;
  event->acceptProposedAction();
  showChat();
  chat_->useModel(file);
}

}  // namespace hadal::ui
