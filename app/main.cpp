#include <unistd.h>

#include <QApplication>
#include <QTimer>
#include <csignal>

#include "app/program.h"
#include "app/services.h"
#include "app/signals.h"
#include "app/terminal/ask_printer.h"
#include "app/terminal/ask_session.h"
#include "app/terminal/output.h"
#include "app/terminal/remote_ask.h"
#include "app/terminal/terminal_chat.h"
#include "resources/resources.h"
#include "ui/frame/language.h"

using namespace hadal;

namespace {

constexpr int kUsageError = 2;

bool hasDisplay() {
  return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
         qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
}

/// Ends the event loop on SIGINT, SIGTERM and SIGHUP, with the exit code a shell expects.
void quitOnSignal(UnixSignals& signals_) {
  QObject::connect(&signals_, &UnixSignals::received, qApp, [](int number) { QCoreApplication::exit(128 + number); });
}

int askThroughRunningProgram(InstanceClient& client, const CommandLine& line, UnixSignals& signals_) {
  quitOnSignal(signals_);
  AskPrinter printer(line.json);
  RemoteAnswer answer(std::move(client.socket));
  QObject::connect(&answer, &RemoteAnswer::event, &printer, &AskPrinter::take);
  QObject::connect(&answer, &RemoteAnswer::gone, &printer, &AskPrinter::sourceGone);
  QObject::connect(&printer, &AskPrinter::ended, qApp, &QCoreApplication::exit, Qt::QueuedConnection);
  QObject::connect(
      &printer, &AskPrinter::readerGone, qApp, [] { QCoreApplication::exit(1); }, Qt::QueuedConnection);
  QTimer::singleShot(0, &answer, &RemoteAnswer::start);
  return QCoreApplication::exec();
}

int ask(Program& program, const CommandLine& line, UnixSignals& signals_) {
  quitOnSignal(signals_);
  const Services services = program.services();
  program.server().refuseWindows(
      Program::tr("Hadal is already running with this profile in a terminal (process %1).").arg(::getpid()));
  AskHost host(program.server(), services.chat, services.inference);
  AskPrinter printer(line.json);
  AskSession session(services.chat);
  QObject::connect(&session, &AskSession::event, &printer, &AskPrinter::take);
  QObject::connect(&services.profile, &Profile::noticeAdded, &printError);
  QObject::connect(&services.chat, &ChatService::storeFailed, &printError);
  QObject::connect(
      &printer, &AskPrinter::readerGone, qApp, [] { QCoreApplication::exit(1); }, Qt::QueuedConnection);
  QObject::connect(
      &printer, &AskPrinter::ended, qApp,
      [&host](int code) {
        // Others may have handed their questions over meanwhile.
        if (!host.isBusy()) return QCoreApplication::exit(code);
        QObject::connect(&host, &AskHost::idle, qApp, [code] { QCoreApplication::exit(code); });
      },
      Qt::QueuedConnection);
  program.start();
  session.ask(line.ask);
  return QCoreApplication::exec();
}

int chatInTerminal(Program& program, UnixSignals& signals_) {
  const Services services = program.services();
  program.server().refuseWindows(
      Program::tr("Hadal is already running with this profile in a terminal (process %1).").arg(::getpid()));
  AskHost host(program.server(), services.chat, services.inference);
  TerminalChat chat(services);
  QObject::connect(&signals_, &UnixSignals::received, &chat, [&chat](int number) {
    if (number == SIGINT)
      chat.interrupt();
    else
      QCoreApplication::exit(128 + number);
  });
  QObject::connect(&chat, &TerminalChat::ended, qApp, &QCoreApplication::exit, Qt::QueuedConnection);
  program.start();
  QTimer::singleShot(0, &chat, &TerminalChat::start);
  return QCoreApplication::exec();
}

int openWindow(Program& program, const CommandLine& line, UnixSignals& signals_) {
  quitOnSignal(signals_);
  const Services services = program.services();
  AskHost host(program.server(), services.chat, services.inference);
  std::unique_ptr<Shell> shell;
  const auto show = [&] {
    if (shell) return;
    shell = createShell(services);
    shell->show();
    if (!line.text.isEmpty()) shell->handOver(line.text, false);
  };
  QObject::connect(&program.server(), &InstanceServer::handedOver, qApp, [&](const HandOver& what) {
    show();
    if (!what.model.isEmpty()) services.settings.setValue(setting::modelFile, what.model);
    if (!what.text.isEmpty()) shell->handOver(what.text, false);
    shell->raise();
  });
  // With the stored settings the window has its language and theme at once; but it never waits long for a database
  // that has to be repaired or brought up to date.
  QObject::connect(&program, &Program::opened, qApp, show);
  QTimer::singleShot(150, qApp, show);
  program.start();
  const int code = QApplication::exec();
  shell.reset();
  return code;
}

int runProgram(CommandLine line, UnixSignals& signals_) {
  Program program(line);
  InstanceClient client;
  if (program.handOver(client) == InstanceClient::Result::Taken) {
    return line.ask.isEmpty() ? 0 : askThroughRunningProgram(client, line, signals_);
  }
  switch (line.mode) {
    case CommandLine::Mode::Ask:
      return ask(program, line, signals_);
    case CommandLine::Mode::Chat:
      return chatInTerminal(program, signals_);
    case CommandLine::Mode::Window:
    case CommandLine::Mode::Print:
      break;
  }
  return openWindow(program, line, signals_);
}

}  // namespace

int main(int argc, char** argv) {
  UnixSignals signals_;
  QStringList arguments;
  for (int i = 0; i < argc; ++i) arguments.append(QString::fromLocal8Bit(argv[i]));
  auto line = parseCommandLine(arguments);
  if (!line) {
    printError(line.error);
    return kUsageError;
  }
  if (line->mode == CommandLine::Mode::Print) return print(line->print) ? 0 : 1;
  if (line->mode == CommandLine::Mode::Window && !hasDisplay()) {
    if (!::isatty(STDIN_FILENO)) {
      printError(QCoreApplication::translate("CommandLine", "There is no display for a window. Use --chat or --ask."));
      return kUsageError;
    }
    line.value->mode = CommandLine::Mode::Chat;
  }

  QCoreApplication::setApplicationName(QStringLiteral("hadal"));
  QCoreApplication::setApplicationVersion(QStringLiteral(HADAL_VERSION));
  std::unique_ptr<QCoreApplication> application;
  if (line->mode == CommandLine::Mode::Window) {
    application = std::make_unique<QApplication>(argc, argv);
    // The menu entry's name, by which a Wayland desktop finds the icon.
    QGuiApplication::setDesktopFileName(QStringLiteral("org.hadal.Hadal"));
  } else {
    application = std::make_unique<QCoreApplication>(argc, argv);
  }

  signals_.watch();
  initResources();
  ui::Language language;
  if (line->mode != CommandLine::Mode::Window)
    language.set(line->language.isEmpty() ? QStringLiteral("system") : line->language);
  return runProgram(*line, signals_);
}
