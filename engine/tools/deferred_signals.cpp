#include "tools/deferred_signals.h"

#include <array>

namespace hadal::tools {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

DeferredSignals::DeferredSignals() {
  sigemptyset(&waiting_);
  for (const int signal : kSignals) {
    if (signal != SIGHUP || !is_ignored(signal)) sigaddset(&waiting_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &waiting_, &before_);
}

DeferredSignals::~DeferredSignals() {
  // The work was given up for it: to go on as if nothing had come would be no answer.
  if (const int signal = come(); signal != 0 && is_ignored(signal)) std::signal(signal, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int DeferredSignals::come() const {
  sigset_t come{};
  sigpending(&come);
  for (const int signal : kSignals) {
    if (sigismember(&waiting_, signal) == 1 && sigismember(&come, signal) == 1) return signal;
  }
  return 0;
}

}  // namespace hadal::tools
