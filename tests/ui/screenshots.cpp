// Draws the documented pictures: the real window with the real services on a profile made for the purpose.
// hadal-screenshots FOLDER [NAME...]
#include <QApplication>
#include <QDir>
#include <QPainter>
#include <QProcess>
#include <QTextStream>

#include "../app/thinking_model.h"
#include "app/inference/inference_service.h"
#include "prepared_chats.h"
#include "stage.h"
#include "ui/chat/transcript_view.h"
#include "ui/experts/heat_map.h"
#include "ui/theme/theme.h"
#include "ui/widgets/button.h"

using namespace hadal;

namespace {

struct Picture {
  const char* name;
  QSize size;
  const char* theme;
  const char* language;
  const char* scene;
};

const Picture kPictures[] = {
    {"chat-light", {1440, 900}, "light", "en", "chat"},
    {"chat-dark", {1440, 900}, "dark", "en", "chat"},
    {"chat-zh", {1440, 900}, "dark", "zh_CN", "chat"},
    {"chat-zh-light", {1440, 900}, "light", "zh_CN", "chat"},
    {"chat-1024x640", {1024, 640}, "light", "en", "chat"},
    {"chat-1024x640-dark", {1024, 640}, "dark", "zh_CN", "chat"},
    {"empty", {1440, 900}, "light", "en", "empty"},
    {"empty-zh", {1024, 640}, "dark", "zh_CN", "empty"},
    {"streaming", {1440, 900}, "dark", "en", "streaming"},
    {"states", {1440, 900}, "light", "en", "states"},
    {"no-model", {1024, 640}, "light", "en", "no-model"},
    {"load-failure", {1440, 900}, "light", "en", "load-failure"},
    {"load-failure-zh", {1024, 640}, "dark", "zh_CN", "load-failure"},
    {"settings", {1440, 900}, "light", "en", "settings"},
    {"settings-zh", {1024, 640}, "dark", "zh_CN", "settings"},
    {"palette", {1440, 900}, "light", "en", "palette"},
    {"palette-zh", {1440, 900}, "dark", "zh_CN", "palette"},
    {"menu", {1440, 900}, "light", "en", "menu"},
    {"menu-zh", {1440, 900}, "dark", "zh_CN", "menu"},
    {"find", {1440, 900}, "dark", "en", "find"},
    {"edit", {1440, 900}, "light", "en", "edit"},
    {"read-only", {1440, 900}, "light", "en", "read-only"},
    {"search", {1440, 900}, "light", "en", "search"},
    {"formulas", {1440, 900}, "light", "en", "formulas"},
    {"thinking", {1440, 900}, "light", "en", "thinking"},
    {"thinking-dark", {1440, 900}, "dark", "en", "thoughts"},
    {"thinking-zh", {1024, 640}, "light", "zh_CN", "thoughts"},
    {"thinking-live", {1440, 900}, "light", "en", "thinking-live"},
    {"thinking-live-zh", {1440, 900}, "dark", "zh_CN", "thinking-live"},
    {"formulas-dark", {1440, 900}, "dark", "en", "formulas"},
    {"experts", {1440, 900}, "light", "en", "experts"},
    {"experts-zh", {1024, 640}, "dark", "zh_CN", "experts"},
    {"experts-none", {1440, 900}, "light", "en", "experts-none"},
    {"folder-failure", {1440, 900}, "light", "en", "folder-failure"},
    {"folder-failure-zh", {1024, 640}, "dark", "zh_CN", "folder-failure"},
};

// When the pictures are taken: with the machine's own clock no two drawings would be alike.
QDateTime pictureTime() {
  return {QDate(2026, 11, 20), QTime(10, 42)};
}

// Lets timers, threads and repaints come to rest.
void settle(int milliseconds = 700) {
  QTest::qWait(milliseconds);
}

void play(Stage& stage, const QString& scene, qint64 chat, bool chinese) {
  ui::ChatPane& pane = stage.window().chat();
  const QStringList open{QStringLiteral("chat"),     QStringLiteral("palette"), QStringLiteral("search"),
                         QStringLiteral("menu"),     QStringLiteral("find"),    QStringLiteral("edit"),
                         QStringLiteral("read-only")};
  if (open.contains(scene)) {
    pane.openConversation(chat);
    settle();
  }
  if (scene == QLatin1String("palette")) {
    stage.window().showPalette();
    if (!chinese) QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("mod"));
  } else if (scene == QLatin1String("search")) {
    pane.searchEverywhere();
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("sort"));
  } else if (scene == QLatin1String("menu")) {
    QTest::mouseClick(stage.find<QWidget>("modelChip"), Qt::LeftButton);
  } else if (scene == QLatin1String("find")) {
    pane.findHere();
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("sort"));
  } else if (scene == QLatin1String("edit")) {
    stage.find<ui::TranscriptView>("transcript")->editLast();
  } else if (scene == QLatin1String("settings")) {
    stage.window().showSettings();
  } else if (scene == QLatin1String("empty")) {
    pane.newChat();
  } else if (scene == QLatin1String("states")) {
    pane.openConversation(chat - 1);
  } else if (scene == QLatin1String("formulas")) {
    pane.openConversation(chat - 2);
  } else if (scene == QLatin1String("thinking") || scene == QLatin1String("thoughts")) {
    pane.openConversation(chat - 3);
    settle();
    if (scene == QLatin1String("thoughts")) {
      for (auto* fold : stage.window().findChildren<ui::Button*>(QStringLiteral("foldThoughts")))
        if (fold->isVisible()) fold->click();
    }
  } else if (scene == QLatin1String("thinking-live")) {
    pane.takeQuestion(
        chinese ? QStringLiteral("鲸鱼为什么唱歌？") : QStringLiteral("Why do whales sing? Think it through."), true);
    settle(2500);
    for (auto* fold : stage.window().findChildren<ui::Button*>(QStringLiteral("foldThoughts")))
      if (fold->isVisible()) fold->click();
  } else if (scene == QLatin1String("streaming")) {
    pane.takeQuestion(QStringLiteral("Write a short story about a lighthouse keeper who finds a map."), true);
    settle(4000);
  } else if (scene == QLatin1String("no-model")) {
    stage.services().inference.unload();
  } else if (scene == QLatin1String("experts-none")) {
    stage.window().showExperts();
  } else if (scene == QLatin1String("experts")) {
    pane.takeQuestion(chinese ? QStringLiteral("鲸鱼为什么唱歌？") : QStringLiteral("Why do whales sing, and to whom?"),
                      true);
    settle(4000);
    stage.window().showExperts();
    settle();
    auto* map = stage.find<ui::HeatMap>("heatMap");
    QTest::mouseMove(map, map->cell(3, 11).center());
  } else if (scene == QLatin1String("folder-failure")) {
    const QString folder = stage.profile() + QStringLiteral("/DeepSeek-V2-Lite-Chat");
    QDir().mkpath(folder);
    QFile config(folder + QStringLiteral("/config.json"));
    if (config.open(QIODevice::WriteOnly)) config.write("{}");
    config.close();
    pane.useModel(folder);
  } else if (scene == QLatin1String("load-failure")) {
    const QString file = stage.profile() + QStringLiteral("/broken-7B.Q4_K_M.gguf");
    QFile broken(file);
    if (broken.open(QIODevice::WriteOnly)) broken.write("GGUF\x03\x00\x00\x00 and then nothing that makes sense");
    broken.close();
    pane.useModel(file);
  }
}

/// A mixture of experts of a published shape and random weights, made once.
QString mixture(const QString& folder) {
  const QString file = folder + QStringLiteral("/deepseek-vl2-tiny.Q4_0.gguf");
  QProcess synth;
  synth.start(
      qEnvironmentVariable("HADAL_BIN_DIR", QApplication::applicationDirPath()) + QStringLiteral("/hadal-engine"),
      {QStringLiteral("synth"), QStringLiteral("deepseek-vl2-tiny"), file, QStringLiteral("--type"),
       QStringLiteral("q4_0")});
  if (!synth.waitForFinished(300000) || synth.exitCode() != 0) qFatal("%s", synth.readAllStandardError().constData());
  return file;
}

bool draw(const Picture& picture, const QDir& folder) {
  Stage stage;
  const bool chinese = QLatin1String(picture.language) == QLatin1String("zh_CN");
  const qint64 chat =
      stage.prepare([chinese](Connection& connection) { return prepared::write(connection, chinese, pictureTime()); });
  Stage::Options options;
  const QString scene = QLatin1String(picture.scene);
  QString model = Stage::starterModel();
  if (scene == QLatin1String("thinking-live") && !model.isEmpty())
    model = ThinkingModel::make(model, stage.profile() + QStringLiteral("/SmolLM2-135M-Thinking.Q4_1.gguf"));
  if (scene.startsWith(QLatin1String("experts"))) model = mixture(stage.profile());
  options.model = model;
  options.readOnly = scene == QLatin1String("read-only");
  options.theme = QLatin1String(picture.theme);
  options.language = QLatin1String(picture.language);
  options.size = picture.size;
  options.today = pictureTime().date();
  stage.start(options);
  stage.waitForModel();
  play(stage, scene, chat, chinese);
  settle();
  const QString file = folder.filePath(QLatin1String(picture.name) + QStringLiteral(".png"));
  // With what pops up over it, as it is on the screen.
  QPixmap image = stage.window().grab();
  if (QWidget* popup = QApplication::activePopupWidget()) {
    QPainter painter(&image);
    painter.setClipRegion(popup->mask().isEmpty()
                              ? QRegion(QRect(stage.window().mapFromGlobal(popup->pos()), popup->size()))
                              : popup->mask().translated(stage.window().mapFromGlobal(popup->pos())));
    painter.drawPixmap(stage.window().mapFromGlobal(popup->pos()), popup->grab());
  }
  return image.save(file);
}

}  // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QApplication::setQuitOnLastWindowClosed(false);
  QApplication::setCursorFlashTime(0);
  const QStringList arguments = QApplication::arguments();
  QTextStream err(stderr);
  if (arguments.size() < 2) {
    err << "hadal-screenshots FOLDER [NAME...]\n";
    return 2;
  }
  if (qEnvironmentVariableIsEmpty("HADAL_TEST_MODEL")) {
    const QString beside =
        QApplication::applicationDirPath() + QStringLiteral("/../models/SmolLM2-135M-Instruct.Q4_1.gguf");
    qputenv("HADAL_TEST_MODEL", QFileInfo(beside).canonicalFilePath().toLocal8Bit());
  }
  const QDir folder(arguments[1]);
  folder.mkpath(QStringLiteral("."));
  const QStringList wanted = arguments.mid(2);
  for (const Picture& picture : kPictures) {
    if (!wanted.isEmpty() && !wanted.contains(QLatin1String(picture.name))) continue;
    if (!draw(picture, folder)) {
      err << picture.name << ": the picture could not be saved\n";
      return 1;
    }
  }
  return 0;
}
