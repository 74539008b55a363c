#include <QApplication>

#include "app/profile/profile.h"
#include "app/services.h"
#include "app/settings/settings.h"
#include "resources/resources.h"
#include "ui/chat/chat_pane.h"
#include "ui/frame/first_paint.h"
#include "ui/frame/main_window.h"
#include "ui/theme/theme.h"

namespace hadal {

namespace {

ui::Theme::Mode modeOf(const QString& value) {
  if (value == QLatin1String("light")) return ui::Theme::Mode::Light;
  return value == QLatin1String("dark") ? ui::Theme::Mode::Dark : ui::Theme::Mode::System;
}

class WindowShell : public QObject, public Shell {
 public:
  explicit WindowShell(const Services& services) {
    initResources();
    Settings& settings = services.settings;
    ui::Theme::install(*qApp, modeOf(settings.value(QLatin1String(setting::theme)).toString()));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/app/hadal.svg")));
    connect(&settings, &Settings::changed, this, [](const QString& key, const QVariant& value) {
      if (key == QLatin1String(setting::theme)) ui::theme().setMode(modeOf(value.toString()));
    });
    window_ = std::make_unique<ui::MainWindow>(services, services.profile.folder() + QStringLiteral("/window.json"));
    ui::reportFirstPaint(*window_);
  }

  void show() override { window_->show(); }

  void raise() override {
    if (window_->isMinimized()) window_->showNormal();
    window_->show();
    window_->raise();
    window_->activateWindow();
  }

  void handOver(const QString& text, bool send) override {
    raise();
    window_->showChat();
    window_->chat().takeQuestion(text, send);
  }

 private:
  std::unique_ptr<ui::MainWindow> window_;
};

}  // namespace

std::unique_ptr<Shell> createShell(Services services) {
  return std::make_unique<WindowShell>(services);
}

}  // namespace hadal
