#include "app/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <QSocketNotifier>
#include <csignal>

#include "hadal/mapped_files.h"

namespace hadal {

namespace {

extern "C" void onBusError(int, siginfo_t* info, void*) {
  if (survive_bus_error(info->si_addr)) return;
  // Not a model's: what failed is tried again, and ends the program as ever.
  std::signal(SIGBUS, SIG_DFL);
}

}  // namespace

void surviveDamagedModels() {
  struct sigaction action {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

UnixSignals::UnixSignals(QObject* parent) : QObject(parent) {
  // A reader that went away is a failed write, not an end in mid-answer.
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on file sizes is a full disk, not an end.
  std::signal(SIGXFSZ, SIG_IGN);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, number);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  descriptor_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
}

void UnixSignals::watch() {
  if (descriptor_ < 0) return;
  auto* notifier = new QSocketNotifier(descriptor_, QSocketNotifier::Read, this);
  connect(notifier, &QSocketNotifier::activated, this, [this] {
    signalfd_siginfo info{};
    while (::read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      Q_EMIT received(static_cast<int>(info.ssi_signo));
  });
}

UnixSignals::~UnixSignals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace hadal
