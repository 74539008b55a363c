#include "ui/chat/model_menu.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QMenu>
#include <QStandardPaths>
#include <QtConcurrent>

#include "app/inference/model_name.h"
#include "app/inference/model_path.h"
#include "ui/theme/icons.h"
#include "ui/widgets/status_line.h"

namespace hadal::ui {

namespace {

QString text(const char* source) {
  return QCoreApplication::translate("ModelMenu", source);
}

struct Found {
  QStringList recent, others;
};

/// As a path that is the same however it is written; empty if nothing is there.
QString canonical(const QString& path) {
  return path.isEmpty() ? QString() : QFileInfo(path).canonicalFilePath();
}

Found findModels(const ModelMenu& menu) {
  Found found;
  QStringList seen;
  const auto add = [&](QStringList& list, const QString& path) {
    const QString real = canonical(path);
    if (real.isEmpty() || seen.contains(real)) return;
    seen << real;
    list << real;
  };
  for (const QString& path : menu.recent) add(found.recent, path);
  QStringList folders = menu.folders;
  if (!menu.status.path.isEmpty()) folders.prepend(QFileInfo(menu.status.path).path());
  for (const QString& folder : std::as_const(folders)) {
    for (const QString& path : modelsIn(folder)) add(found.others, path);
  }
  return found;
}

/// With its type, which modelName() leaves out: two files of one model must not look alike.
QString title(const QString& path) {
  const bool file = path.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive);
  // An ampersand would underline the letter behind it.
  return (file ? QFileInfo(path).completeBaseName() : modelName(path, QFileInfo(path).fileName()))
      .replace(u'&', QStringLiteral("&&"));
}

QString startFolder(const QString& current) {
  return current.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::DownloadLocation)
                           : QFileInfo(current).path();
}

void open(QFileDialog* dialog, QWidget* parent, UseModel use) {
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  QObject::connect(dialog, &QFileDialog::fileSelected, parent,
                   [use = std::move(use)](const QString& path) { use(path); });
  dialog->open();
}

void fill(QMenu& menu, QWidget* parent, const ModelMenu& from, const Found& found, const QString& current) {
  const auto add = [&](const QStringList& paths) {
    for (const QString& path : paths) {
      QAction* action = menu.addAction(title(path), parent, [use = from.use, path] { use(path); });
      action->setCheckable(true);
      action->setChecked(path == current);
      action->setToolTip(QDir::toNativeSeparators(path));
      action->setEnabled(!from.locked);
    }
    if (!paths.isEmpty()) menu.addSeparator();
  };
  menu.setToolTipsVisible(true);
  add(found.recent);
  add(found.others);
  menu.addAction(themedIcon(QStringLiteral("file")), text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a file...")), parent,
                 from.chooseFile)
      ->setEnabled(!from.locked);
  menu.addAction(themedIcon(QStringLiteral("folder")), text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a folder...")),
                 parent, from.chooseFolder)
      ->setEnabled(!from.locked);
  if (from.status.state != ModelStatus::State::Ready) return;
  menu.addSeparator();
  if (from.status.experts > 0) {
    menu.addAction(themedIcon(QStringLiteral("experts")), text(QT_TRANSLATE_NOOP("ModelMenu", "Show the experts")),
                   parent, from.showExperts);
  }
  menu.addAction(templateText(from.status.chatTemplate))->setEnabled(false);
}

}  // namespace

void pickModelFile(QWidget* parent, const QString& current, UseModel use) {
  auto* dialog = new QFileDialog(parent, text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a model")), startFolder(current),
                                 text(QT_TRANSLATE_NOOP("ModelMenu", "Models (*.gguf *.safetensors *.json)")));
  dialog->setObjectName(QStringLiteral("modelFileDialog"));
  dialog->setFileMode(QFileDialog::ExistingFile);
  open(dialog, parent, std::move(use));
}

void pickModelFolder(QWidget* parent, const QString& current, UseModel use) {
  auto* dialog =
      new QFileDialog(parent, text(QT_TRANSLATE_NOOP("ModelMenu", "Choose a model's folder")), startFolder(current));
  dialog->setObjectName(QStringLiteral("modelFolderDialog"));
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  open(dialog, parent, std::move(use));
}

void popUpModelMenu(QWidget* parent, const QPoint& global, ModelMenu wanted) {
  QtConcurrent::run([wanted] {
    return std::pair(findModels(wanted), canonical(wanted.status.path));
  }).then(parent, [parent, global, wanted](const std::pair<Found, QString>& there) {
    auto* menu = new QMenu(parent);
    menu->setObjectName(QStringLiteral("modelMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fill(*menu, parent, wanted, there.first, there.second);
    menu->popup(global - QPoint(0, menu->sizeHint().height()));
  });
}

}  // namespace hadal::ui
