#include <QApplication>
#include <QTemporaryDir>
#include <QWindow>
#include <QScreen>
#include "../app/scripted_inference.h"
#include "../app/waiting.h"
#include "app/chat/chat_service.h"
#include "app/settings/settings.h"
#include "app/store/store.h"
#include "prepared_chats.h"
#include "resources/resources.h"
#include "ui/chat/chat_pane.h"
#include "ui/frame/main_window.h"
using namespace hadal;
int main(int argc, char** argv) {
  QApplication app(argc, argv);
  const QStringList args = app.arguments();
  QTemporaryDir dir;
  StoreOptions o; o.file = dir.filePath("hadal.db"); o.backupFolder = dir.filePath("backups");
  Store store(o);
  kept(store.open());
  const bool zh = args.contains("zh");
  const qint64 id = kept(store.write([zh](Connection& c) { return prepared::write(c, zh); }));
  Settings settings;
  settings.overrideForRun(setting::theme, args.contains("dark") ? "dark" : "light");
  settings.overrideForRun(setting::language, zh ? "zh_CN" : "en");
  settings.overrideForRun(setting::dataFolder, dir.path());
  ScriptedInference inference;
  ChatService chat(store, inference, settings);
  alignas(8) char dummy[8];
  auto shell = createShell({reinterpret_cast<Profile&>(dummy), settings, store, inference, chat});
  shell->show();
  QWidget* w = nullptr;
  for (QWidget* t : QApplication::topLevelWidgets()) if (t->objectName() == "mainWindow") w = t;
  w->resize(args.contains("small") ? QSize(1024, 640) : QSize(1440, 900));
  auto* m = static_cast<ui::MainWindow*>(w);
  if (!args.contains("empty")) m->chat().openConversation(id);
  if (args.contains("settings")) m->showSettings();
  if (args.contains("palette")) QTimer::singleShot(500, [&] { m->showPalette(); });
  QTimer::singleShot(1200, [&] { w->grab().save(args[1]); app.quit(); });
  return app.exec();
}
