#pragma once

#include <csignal>

namespace hadal::tools {

/// While it lives, SIGINT, SIGTERM and SIGHUP wait instead of ending the program, so that long work can look whether
/// one has come and leave nothing half-done behind. A signal that came takes effect when the object goes away: the
/// program then ends by it, as a shell expects (exit code 130 for SIGINT, 143 for SIGTERM). That holds too where SIGINT
/// is ignored, as in jobs that a script starts in its background; an ignored SIGHUP, as under nohup, stays ignored. To
/// be made before threads are, which inherit the mask.
class DeferredSignals {
 public:
  DeferredSignals();
  ~DeferredSignals();
  DeferredSignals(const DeferredSignals&) = delete;
  DeferredSignals& operator=(const DeferredSignals&) = delete;

  /// Whether one has come. Any thread.
  bool pending() const { return come() != 0; }

 private:
  int come() const;

  sigset_t waiting_{}, before_{};
};

}  // namespace hadal::tools
