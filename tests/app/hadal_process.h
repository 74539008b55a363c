#pragma once

#include <signal.h>

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringList>

/// The real program, from the build folder.
class HadalProcess : public QProcess {
 public:
  explicit HadalProcess(const QString& profile, const QStringList& arguments, bool withModel = true) {
    setProgram(qEnvironmentVariable("HADAL_BIN_DIR") + QStringLiteral("/hadal"));
    QStringList all{QStringLiteral("--profile"), profile};
    if (withModel) all += {QStringLiteral("--model"), qEnvironmentVariable("HADAL_TEST_MODEL")};
    setArguments(all + arguments);
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    setProcessEnvironment(environment);
  }
  void withoutDisplay() {
    QProcessEnvironment environment = processEnvironment();
    for (const auto* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) environment.remove(QLatin1String(name));
    setProcessEnvironment(environment);
    setStandardInputFile(QProcess::nullDevice());
  }
  ~HadalProcess() override {
    if (state() == NotRunning) return;
    ::kill(static_cast<pid_t>(processId()), SIGCONT);
    kill();
    waitForFinished();
  }

  /// One event of --json; an empty object when the program has ended.
  QJsonObject event(int milliseconds = 60000) {
    while (!canReadLine()) {
      if (!waitForReadyRead(milliseconds) && !canReadLine()) return {};
    }
    return QJsonDocument::fromJson(readLine()).object();
  }
  int run(int milliseconds = 120000) {
    start();
    if (!waitForFinished(milliseconds)) return -2;
    return exitStatus() == NormalExit ? exitCode() : -1;
  }
  QString out() { return QString::fromUtf8(readAllStandardOutput()); }
  QString err() { return QString::fromUtf8(readAllStandardError()); }
};
