// Models that are folders, by every road that leads to one, in the real window.
#include <QAction>
#include <QApplication>
#include <QDropEvent>
#include <QFileDialog>
#include <QMenu>
#include <QMimeData>

#include "../app/model_folder.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "stage.h"
#include "ui/chat/composer.h"
#include "ui/chat/transcript_view.h"
#include "ui/settings/setting_row.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"

// QTRY_COMPARE narrows a duration inside Qt's own macro.
#pragma GCC diagnostic ignored "-Wconversion"

using namespace hadal;
using namespace hadal::ui;

class ModelFolderTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> place_;
  QString first_, second_;

  static const ModelStatus& model(Stage& stage) { return stage.services().inference.status(); }
  /// The model that answers; empty while another one is on its way.
  static QString used(Stage& stage) {
    return model(stage).state == ModelStatus::State::Ready ? model(stage).path : QString();
  }
  static QString chosen(Stage& stage) {
    return stage.services().settings.value(QLatin1String(setting::modelFile)).toString();
  }
  /// As the system drops things: false if the window does not want them.
  static bool drop(QWidget* on, const QString& path) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    const QPoint middle = on->rect().center();
    QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(on, &enter);
    if (!enter.isAccepted()) return false;
    QDropEvent event(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(on, &event);
    return true;
  }
  static bool isSaid(Stage& stage, const QString& words) {
    for (const auto* notice : stage.window().findChildren<Notice*>())
      if (notice->isVisible() && notice->sentence().contains(words)) return true;
    return false;
  }
  void start(Stage& stage) const {
    stage.start({.model = first_});
    QVERIFY(stage.waitForModel());
    QCOMPARE(model(stage).error, QString());
    QCOMPARE(model(stage).path, first_);
  }
  static QMenu* openMenu(Stage& stage) {
    QTest::mouseClick(stage.find<QWidget>("modelChip"), Qt::LeftButton);
    const auto there = [] { return qobject_cast<QMenu*>(QApplication::activePopupWidget()); };
    return QTest::qWaitFor(there, 10000) ? there() : nullptr;
  }
  static QStringList titles(const QMenu& menu) {
    QStringList out;
    for (const QAction* action : menu.actions())
      if (action->isCheckable()) out << action->text();
    return out;
  }

 private Q_SLOTS:
  void init() {
    place_ = std::make_unique<QTemporaryDir>();
    first_ = makeModelFolder(place_->filePath(QStringLiteral("Tiny-V1.5")), QStringLiteral("llama"));
    second_ = makeModelFolder(place_->filePath(QStringLiteral("apart/Other")), QStringLiteral("llama-sharded"));
  }

  void answers() {
    Stage stage;
    start(stage);
    QCOMPARE(model(stage).name, QStringLiteral("Tiny-V1.5"));
    stage.window().chat().takeQuestion(QStringLiteral("Hi"), true);
    auto* transcript = stage.find<TranscriptView>("transcript");
    const auto last = [&] { return transcript->last(hadal::MessageRole::Assistant); };
    QTRY_VERIFY_WITH_TIMEOUT(last() && last()->state != hadal::MessageState::Streaming, 60000);
    QVERIFY(last()->tokens > 0);
    QCOMPARE(last()->model, QStringLiteral("Tiny-V1.5"));
  }

  void isDropped_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("on");
    QTest::newRow("the folder") << ""
                                << "";
    QTest::newRow("onto the composer") << ""
                                       << "composerEdit";
    QTest::newRow("config.json") << "/config.json"
                                 << "";
    QTest::newRow("tokenizer.json") << "/tokenizer.json"
                                    << "";
    QTest::newRow("the index") << "/model.safetensors.index.json"
                               << "";
    QTest::newRow("a shard") << "/model-00001-of-00002.safetensors"
                             << "";
  }
  void isDropped() {
    QFETCH(QString, name);
    QFETCH(QString, on);
    Stage stage;
    start(stage);
    const QString path = second_ + name;
    QVERIFY2(QFileInfo::exists(path), qPrintable(QDir(second_).entryList().join(u' ')));
    QWidget* target = on.isEmpty() ? &stage.window() : stage.find<GrowingEdit>(qPrintable(on))->viewport();
    QVERIFY(drop(target, path));
    QTRY_COMPARE_WITH_TIMEOUT(used(stage), second_, 30000);
    QCOMPARE(model(stage).name, QStringLiteral("Other"));
    QTRY_COMPARE(chosen(stage), second_);
    QCOMPARE(stage.find<GrowingEdit>("composerEdit")->toPlainText(), QString());
  }

  void saysWhatIsNoModel_data() {
    QTest::addColumn<QStringList>("files");
    QTest::addColumn<QString>("says");
    QTest::newRow("nothing") << QStringList{QStringLiteral("letter.txt")} << "holds no model: neither a GGUF file";
    QTest::newRow("two files") << QStringList{QStringLiteral("a.gguf"), QStringLiteral("b.gguf")}
                               << "holds 2 GGUF files. Choose one of them.";
    QTest::newRow("no weights") << QStringList{QStringLiteral("config.json")} << "weights are missing";
    QTest::newRow("programs") << QStringList{QStringLiteral("config.json"), QStringLiteral("pytorch_model.bin")}
                              << "runs code when it is read";
    QTest::newRow("damaged") << QStringList{QStringLiteral("config.json"), QStringLiteral("model.safetensors")}
                             << "config.json: the file is no JSON";
  }
  void saysWhatIsNoModel() {
    QFETCH(QStringList, files);
    QFETCH(QString, says);
    const QString folder = place_->filePath(QStringLiteral("Pictures"));
    QDir().mkpath(folder);
    for (const QString& name : files) touch(folder + u'/' + name);
    Stage stage;
    start(stage);
    QVERIFY(drop(&stage.window(), folder));
    QTRY_VERIFY2_WITH_TIMEOUT(isSaid(stage, says), qPrintable(stage.services().profile.notices().join(u'\n')), 10000);
    QVERIFY(isSaid(stage, QStringLiteral("Tiny-V1.5 goes on answering")));
    QCOMPARE(model(stage).path, first_);
    QCOMPARE(chosen(stage), first_);
  }

  void picturesAreNotTaken() {
    Stage stage;
    start(stage);
    QVERIFY(!drop(&stage.window(), place_->filePath(QStringLiteral("photo.png"))));
  }

  void isChosenInADialog_data() {
    QTest::addColumn<QString>("action");
    QTest::addColumn<QString>("dialog");
    QTest::addColumn<QString>("picked");
    QTest::newRow("as a folder") << "model.folder"
                                 << "modelFolderDialog"
                                 << "";
    QTest::newRow("by a file") << "model.choose"
                               << "modelFileDialog"
                               << "/config.json";
  }
  void isChosenInADialog() {
    QFETCH(QString, action);
    QFETCH(QString, dialog);
    QFETCH(QString, picked);
    Stage stage;
    start(stage);
    QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    stage.window().actions().find(action)->trigger();
    auto* shown = stage.find<QFileDialog>(qPrintable(dialog));
    QTRY_VERIFY(shown->isVisible());
    shown->setDirectory(QFileInfo(second_ + picked).path());
    shown->selectFile(second_ + picked);
    QMetaObject::invokeMethod(shown, "accept");
    QTRY_COMPARE_WITH_TIMEOUT(used(stage), second_, 30000);
    QTRY_COMPARE(chosen(stage), second_);
  }

  // What was used before is offered again, wherever it lies; what is gone is not.
  void theMenuRemembers() {
    Stage stage;
    start(stage);
    stage.window().chat().useModel(second_);
    QTRY_COMPARE_WITH_TIMEOUT(used(stage), second_, 30000);
    QMenu* menu = openMenu(stage);
    QVERIFY(menu);
    // Models that lie beside the program may follow.
    QCOMPARE(titles(*menu).first(2), (QStringList{QStringLiteral("Other"), QStringLiteral("Tiny-V1.5")}));
    QVERIFY(menu->actions().at(0)->isChecked() && !menu->actions().at(1)->isChecked());
    menu->actions().at(1)->trigger();
    menu->close();
    QTRY_COMPARE_WITH_TIMEOUT(used(stage), first_, 30000);
    stage.end();
    // Another run, with another model: it is the third that is remembered.
    QVERIFY(QDir(second_).removeRecursively());
    const QString third = makeModelFolder(place_->filePath(QStringLiteral("Third")), QStringLiteral("qwen3"));
    stage.start({.model = third});
    QVERIFY(stage.waitForModel());
    menu = openMenu(stage);
    QVERIFY(menu);
    QCOMPARE(titles(*menu).first(2), (QStringList{QStringLiteral("Third"), QStringLiteral("Tiny-V1.5")}));
    QVERIFY(!titles(*menu).contains(QStringLiteral("Other")));
    menu->close();
  }

  void theSettingsNameIt() {
    Stage stage;
    start(stage);
    stage.window().chat().useModel(second_);
    QTRY_COMPARE_WITH_TIMEOUT(chosen(stage), second_, 30000);
    stage.window().showSettings();
    auto* row = stage.find<SettingRow>("setting.model.file");
    QStringList shown;
    for (const auto* label : row->findChildren<ElidedLabel*>()) shown << label->text();
    QVERIFY2(shown.contains(QStringLiteral("Other")), qPrintable(shown.join(u'|')));
    // Its button offers files and folders.
    QTest::mouseClick(row->findChild<Button*>(), Qt::LeftButton);
    const auto menu = [] { return qobject_cast<QMenu*>(QApplication::activePopupWidget()); };
    QTRY_VERIFY_WITH_TIMEOUT(menu(), 10000);
    QStringList offered;
    for (const QAction* action : menu()->actions()) offered << action->text();
    QVERIFY2(offered.contains(QStringLiteral("Choose a folder...")), qPrintable(offered.join(u'|')));
    menu()->close();
  }
};

QTEST_MAIN(ModelFolderTest)
#include "model_folder_test.moc"
