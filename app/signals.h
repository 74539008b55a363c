#pragma once

#include <QObject>

namespace hadal {

/// From now on a model's file that another program cuts short ends an answer with a sentence, not the program with
/// SIGBUS.
void surviveDamagedModels();

/// SIGINT, SIGTERM and SIGHUP as events of the thread that made this. The kernel queues them on a descriptor
/// (signalfd), so no handler runs in the middle of anything.
class UnixSignals : public QObject {
  Q_OBJECT
 public:
  /// Holds the signals back. Before any other thread begins, because threads inherit that.
  explicit UnixSignals(QObject* parent = nullptr);
  /// Delivers them, also those that came since. Needs the application object.
  void watch();
  ~UnixSignals() override;

 Q_SIGNALS:
  void received(int signal);

 private:
  int descriptor_ = -1;
};

}  // namespace hadal
