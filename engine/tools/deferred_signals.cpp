#include "tools/deferred_signals.h"

#include <array>

namespace hadal::tools {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

DeferredSignals::DeferredSignals() {
  sigemptyset(&waiting_);
  for (const int signal : kSignals) sigaddset(&waiting_, signal);
  pthread_sigmask(SIG_BLOCK, &waiting_, &before_);
}

DeferredSignals::~DeferredSignals() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool DeferredSignals::pending() const {
  sigset_t come{};
  sigpending(&come);
  for (const int signal : kSignals) {
    if (sigismember(&come, signal) == 1) return true;
  }
  return false;
}

}  // namespace hadal::tools
