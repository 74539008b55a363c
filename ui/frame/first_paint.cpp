#include "ui/frame/first_paint.h"

#include <QDateTime>
#include <QEvent>
#include <QTimer>
#include <cstdio>

namespace hadal::ui {

namespace {

class FirstPaint : public QObject {
 public:
  explicit FirstPaint(QWidget& window) : QObject(&window) { window.installEventFilter(this); }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Paint) {
      watched->removeEventFilter(this);
      // The widgets below are painted, and the picture is given to the screen, before the event loop turns again.
      QTimer::singleShot(0, this, [this] {
        std::fprintf(stderr, "first paint %lld\n", static_cast<long long>(QDateTime::currentMSecsSinceEpoch()));
        std::fflush(stderr);
        deleteLater();
      });
    }
    return false;
  }
};

}  // namespace

void reportFirstPaint(QWidget& window) {
  if (qEnvironmentVariableIsSet("HADAL_PRINT_FIRST_PAINT")) new FirstPaint(window);
}

}  // namespace hadal::ui
