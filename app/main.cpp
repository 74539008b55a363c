#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QApplication>
#include <QTimer>
#include <csignal>

#include "app/language/language.h"
#include "app/language/utf8_locale.h"
#include "app/program.h"
#include "app/screen.h"
#include "app/services.h"
#include "app/signals.h"
#include "app/terminal/ask_printer.h"
#include "app/terminal/ask_session.h"
#include "app/terminal/input.h"
#include "app/terminal/output.h"
#include "app/terminal/remote_ask.h"
#include "app/terminal/terminal_chat.h"
#include "app/thread_stacks.h"
#include "resources/resources.h"

using namespace hadal;

namespace {

constexpr int kUsageError = 2;

/// What is to be said once somebody can say it in the person's language.
struct Beginning {
  bool damaged = false;  ///< Some bytes of the words are no text.
  Screen display;
};

QString displaySentence(const Screen& display) {
  if (display.state == Screen::State::Unreachable)
    return QCoreApplication::translate("CommandLine",
                                       "The display %1 cannot be reached for a window. Use --chat or --ask.")
        .arg(display.name);
  return QCoreApplication::translate("CommandLine", "There is no display for a window. Use --chat or --ask.");
}

/// Ends the event loop on SIGINT, SIGTERM and SIGHUP, with the exit code a shell expects.
void quitOnSignal(UnixSignals& signals_) {
  QObject::connect(&signals_, &UnixSignals::received, QCoreApplication::instance(),
                   [](int number) { QCoreApplication::exit(128 + number); });
}

int askThroughRunningProgram(InstanceClient& client, const CommandLine& line, UnixSignals& signals_) {
  quitOnSignal(signals_);
  Complaints complaints;
  AskPrinter printer(line.json, complaints);
  RemoteAnswer answer(std::move(client.socket));
  QObject::connect(&answer, &RemoteAnswer::event, &printer, &AskPrinter::take);
  QObject::connect(&answer, &RemoteAnswer::gone, &printer, &AskPrinter::sourceGone);
  QObject::connect(&printer, &AskPrinter::ended, QCoreApplication::instance(), &QCoreApplication::exit,
                   Qt::QueuedConnection);
  QObject::connect(
      &printer, &AskPrinter::readerGone, QCoreApplication::instance(), [] { QCoreApplication::exit(1); },
      Qt::QueuedConnection);
  QTimer::singleShot(0, &answer, &RemoteAnswer::start);
  return QCoreApplication::exec();
}

int ask(Program& program, const CommandLine& line, UnixSignals& signals_) {
  quitOnSignal(signals_);
  const Services services = program.services();
  program.server().refuseWindows(
      Program::tr("Hadal is already running with this profile in a terminal (process %1).").arg(::getpid()));
  AskHost host(program.server(), services.chat, services.inference);
  Complaints complaints;
  const auto complain = [&complaints](const QString& sentence) { complaints.say(sentence); };
  AskPrinter printer(line.json, complaints);
  AskSession session(services.chat);
  QObject::connect(&session, &AskSession::event, &printer, &AskPrinter::take);
  QObject::connect(&services.profile, &Profile::noticeAdded, complain);
  QObject::connect(&services.chat, &ChatService::storeFailed, complain);
  QObject::connect(
      &printer, &AskPrinter::readerGone, QCoreApplication::instance(), [] { QCoreApplication::exit(1); },
      Qt::QueuedConnection);
  QObject::connect(
      &printer, &AskPrinter::ended, QCoreApplication::instance(),
      [&host](int code) {
        // Others may have handed their questions over meanwhile.
        if (!host.isBusy()) return QCoreApplication::exit(code);
        QObject::connect(&host, &AskHost::idle, QCoreApplication::instance(), [code] { QCoreApplication::exit(code); });
      },
      Qt::QueuedConnection);
  program.start();
  session.ask(line.ask, {line.seed, line.maxTokens});
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
  QObject::connect(&chat, &TerminalChat::ended, QCoreApplication::instance(), &QCoreApplication::exit,
                   Qt::QueuedConnection);
  QObject::connect(&program, &Program::opened, &chat, &TerminalChat::begin);
  program.start();
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
  QObject::connect(&program.server(), &InstanceServer::handedOver, QCoreApplication::instance(),
                   [&](const HandOver& what) {
                     show();
                     if (!what.model.isEmpty()) services.settings.setValue(setting::modelFile, what.model);
                     if (!what.text.isEmpty()) shell->handOver(what.text, false);
                     shell->raise();
                   });
  // With the stored settings the window has its language and theme at once; but it never waits long for a database
  // that has to be repaired or brought up to date.
  QObject::connect(&program, &Program::opened, QCoreApplication::instance(), show);
  QTimer::singleShot(150, QCoreApplication::instance(), show);
  program.start();
  const int code = QApplication::exec();
  shell.reset();
  return code;
}

int runProgram(const CommandLine& line, UnixSignals& signals_, const Beginning& beginning) {
  Program program(line);
  if (beginning.damaged) printError(lostBytes());
  if (beginning.display.state == Screen::State::Unreachable) {
    printError(
        QCoreApplication::translate("CommandLine", "The display %1 cannot be reached, so the chat is in the terminal.")
            .arg(beginning.display.name));
  }
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

/// A closed standard stream's number would go to the next file that is opened, a database perhaps. What is opened here
/// for reading only refuses what is written to it.
void holdStandardStreams() {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDONLY) < 0) return;
  }
}

/// The words of the command line; `damaged` if some of their bytes are no text.
QStringList words(int argc, char** argv, bool& damaged) {
  QStringList arguments;
  for (int i = 0; i < argc; ++i) arguments.append(decodeInput(argv[i], damaged));
  return arguments;
}

/// What can be done without a profile: help, version, plugins and mistakes. In the person's language, which needs the
/// application object; so the words are read once more.
int sayWithoutProgram(const QStringList& arguments, const Screen& display, int argc, char** argv) {
  QCoreApplication application(argc, argv);
  const QString language = languageAmong(arguments);
  const Language spoken(language.isEmpty() ? QStringLiteral("system") : language);
  const auto line = parseCommandLine(arguments);
  if (line && line->mode == CommandLine::Mode::Print) return print(line->print) ? 0 : 1;
  printError(line ? displaySentence(display) : line.error);
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  holdStandardStreams();
  ensureThreadStacks();
  // What is written here is nobody else's business.
  ::umask(077);
  ensureUtf8Locale();
  initResources();
  Beginning beginning;
  const QStringList arguments = words(argc, argv, beginning.damaged);
  auto line = parseCommandLine(arguments);
  const bool window = line && line->mode == CommandLine::Mode::Window;
  if (window) beginning.display = findScreen();
  const bool windowless = window && beginning.display.state != Screen::State::Usable;
  if (!line || line->mode == CommandLine::Mode::Print || (windowless && !::isatty(STDIN_FILENO)))
    return sayWithoutProgram(arguments, beginning.display, argc, argv);
  if (windowless) line.value->mode = CommandLine::Mode::Chat;
  // Before the signals are held back, so that it can be broken off.
  const bool piped = line->mode == CommandLine::Mode::Ask && line->ask == u"-";
  StandardInput input;
  if (piped) {
    input = readStandardInput();
    line.value->ask = decodeInput(input.bytes, beginning.damaged);
  }

  surviveDamagedModels();
  UnixSignals signals_;
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
  if (piped && line->ask.trimmed().isEmpty()) {
    const Language spoken(line->language.isEmpty() ? QStringLiteral("system") : line->language);
    printError(
        input.complete ? QCoreApplication::translate("CommandLine", "There is no question on the standard input.")
        : input.tooLong
            ? QCoreApplication::translate("CommandLine", "The question on the standard input is longer than 8 MB.")
            : QCoreApplication::translate("CommandLine", "The standard input cannot be read."));
    return kUsageError;
  }
  return runProgram(*line, signals_, beginning);
}
