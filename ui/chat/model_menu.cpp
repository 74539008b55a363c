#include "ui/chat/model_menu.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QMenu>
#include <QStandardPaths>
#include <QtConcurrent>

#include "ui/theme/icons.h"
#include "ui/widgets/status_line.h"

namespace hadal::ui {

namespace {

QString text(const char* source) {
  return QCoreApplication::translate("ModelMenu", source);
}

QStringList findModels(const QString& current) {
  QStringList folders{QFileInfo(current).path(), QCoreApplication::applicationDirPath() + QStringLiteral("/../models")};
  QStringList found;
  for (const QString& folder : std::as_const(folders)) {
    if (folder.isEmpty()) continue;
    for (const QFileInfo& file : QDir(folder).entryInfoList({QStringLiteral("*.gguf")}, QDir::Files, QDir::Name)) {
      const QString path = file.canonicalFilePath();
      if (!found.contains(path)) found << path;
    }
  }
  return found;
}

}  // namespace

void pickModelFile(QWidget* parent, const QString& current, UseFile use) {
  const QString folder = current.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::DownloadLocation)
                                           : QFileInfo(current).path();
  auto* dialog = new QFileDialog(parent, text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a model")), folder,
                                 text(QT_TRANSLATE_NOOP("ModelMenu", "Models (*.gguf)")));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  QObject::connect(dialog, &QFileDialog::fileSelected, parent,
                   [use = std::move(use)](const QString& file) { use(file); });
  dialog->open();
}

void popUpModelMenu(QWidget* parent, const QPoint& global, const ModelStatus& status, UseFile use,
                    std::function<void()> choose) {
  const QString current = QFileInfo(status.path).canonicalFilePath();
  QtConcurrent::run([current] { return findModels(current); })
      .then(parent, [parent, global, current, status, use = std::move(use),
                     choose = std::move(choose)](const QStringList& files) {
        auto* menu = new QMenu(parent);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        for (const QString& file : files) {
          QAction* action = menu->addAction(QFileInfo(file).completeBaseName(), parent, [use, file] { use(file); });
          action->setCheckable(true);
          action->setChecked(file == current);
        }
        if (!files.isEmpty()) menu->addSeparator();
        menu->addAction(themedIcon(QStringLiteral("folder")), text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a file...")),
                        parent, choose);
        if (status.state == ModelStatus::State::Ready) {
          menu->addSeparator();
          menu->addAction(templateText(status.chatTemplate))->setEnabled(false);
        }
        menu->popup(global - QPoint(0, menu->sizeHint().height()));
      });
}

}  // namespace hadal::ui
