#include "stage.h"

#include <QApplication>

#include "resources/resources.h"
#include "ui/chat/conversation_model.h"

using namespace hadal;

Stage::Stage() = default;

Stage::~Stage() {
  end();
}

QString Stage::starterModel() {
  const QString file = qEnvironmentVariable("HADAL_TEST_MODEL");
  return QFileInfo::exists(file) ? file : QString();
}

void Stage::start(const Options& options) {
  initResources();
  CommandLine line;
  line.profile = folder_.path();
  line.language = options.language;
  line.theme = options.theme;
  // A name that leads nowhere: the program must not find a model by itself that the test does not know of.
  line.model = options.model.isEmpty() ? QStringLiteral("/nowhere/none.gguf") : options.model;
  if (options.context > 0) line.context = options.context;
  program_ = std::make_unique<Program>(line);
  InstanceClient client;
  program_->handOver(client);
  if (options.readOnly) program_->profile().useReadOnly(QStringLiteral("The profile is on a read-only file system."));
  bool opened = false;
  QObject::connect(program_.get(), &Program::opened, program_.get(), [&opened] { opened = true; });
  program_->start();
  shell_ = createShell(program_->services());
  for (QWidget* widget : QApplication::topLevelWidgets()) {
    if (auto* window = qobject_cast<ui::MainWindow*>(widget)) window_ = window;
  }
  if (options.today.isValid())
    window_->findChild<ui::ConversationModel*>()->setClock([day = options.today] { return day; });
  if (options.size.isValid()) window_->resize(options.size);
  shell_->show();
  if (!options.handed.isEmpty()) shell_->handOver(options.handed, false);
  if (!QTest::qWaitFor([&] { return opened; }, 30000)) qFatal("the store did not open");
  if (!QTest::qWaitForWindowExposed(window_)) qFatal("the window did not show");
  window_->activateWindow();
  if (!QTest::qWaitForWindowActive(window_)) qWarning("the window is not active");
}

void Stage::end() {
  window_ = nullptr;
  shell_.reset();
  program_.reset();
}

bool Stage::waitForModel(int milliseconds) {
  return QTest::qWaitFor(
      [this] {
        const auto state = services().inference.status().state;
        return state == ModelStatus::State::Ready || state == ModelStatus::State::Failed;
      },
      milliseconds);
}
