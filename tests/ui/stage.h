#pragma once

#include <QTemporaryDir>
#include <QTest>
#include <memory>

#include "app/program.h"
#include "ui/chat/chat_pane.h"
#include "ui/frame/main_window.h"

/// The whole program on a profile of its own: real services, real database, real window. It can be ended and started
/// again on the same profile.
class Stage {
 public:
  struct Options {
    QString model{};  ///< Empty: none is looked for.
    QString language = QStringLiteral("en");
    QString theme = QStringLiteral("light");
    int context = 0;
    bool readOnly = false;
    QSize size{1440, 900};
    QDate today{};     ///< The day that the list takes for today; invalid: the real one.
    QString handed{};  ///< Handed over as soon as the window is made: the question of a command line.
  };

  Stage();
  ~Stage();

  /// Starts the program and waits until its window shows and its store is open.
  void start(const Options& options);
  /// Ends it as closing the window does.
  void end();
  /// Opens the database without the program, to prepare it.
  template <class Work>
  auto prepare(Work work);

  QString profile() const { return folder_.path(); }
  hadal::Services services() { return program_->services(); }
  hadal::ui::MainWindow& window() { return *window_; }
  hadal::Shell& shell() { return *shell_; }
  template <class T>
  T* find(const char* name) {
    T* found = window_->findChild<T*>(QLatin1String(name));
    if (!found) qFatal("there is no %s", name);
    return found;
  }
  bool waitForModel(int milliseconds = 60000);

  /// The starter model; empty if it is not on this machine.
  static QString starterModel();

 private:
  QTemporaryDir folder_;
  std::unique_ptr<hadal::Program> program_;
  std::unique_ptr<hadal::Shell> shell_;
  hadal::ui::MainWindow* window_ = nullptr;
};

/// The future's value, while the event loop runs.
template <class T>
T waitFor(QFuture<T> future) {
  if (!QTest::qWaitFor([&] { return future.isFinished(); }, 30000)) qFatal("a future did not finish");
  return future.result();
}

template <class Work>
auto Stage::prepare(Work work) {
  hadal::StoreOptions options;
  options.file = folder_.filePath(QStringLiteral("hadal.db"));
  options.backupFolder = folder_.filePath(QStringLiteral("backups"));
  hadal::Store store(options);
  waitFor(store.open());
  const auto done = waitFor(store.write(std::move(work)));
  if (!done) qFatal("%s", qPrintable(done.error));
  store.close();
  return *done;
}
