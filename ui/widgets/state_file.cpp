#include "ui/widgets/state_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QSaveFile>
#include <QThreadPool>

namespace hadal::ui {

namespace {

void save(const QString& path, const QByteArray& bytes) {
  QDir().mkpath(QFileInfo(path).path());
  QSaveFile file(path);
  // A read-only profile simply forgets where the window was.
  if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size()) file.commit();
}

}  // namespace

StateFile::StateFile(QString path, QObject* parent) : QObject(parent), path_(std::move(path)) {
  QFile file(path_);
  if (file.open(QIODevice::ReadOnly)) state_ = QJsonDocument::fromJson(file.read(1 << 20)).object();
  later_.setSingleShot(true);
  later_.setInterval(1000);
  connect(&later_, &QTimer::timeout, this, &StateFile::write);
}

StateFile::~StateFile() {
  flush();
}

void StateFile::set(const QString& key, const QJsonValue& value) {
  if (state_.value(key) == value) return;
  state_.insert(key, value);
  dirty_ = true;
  later_.start();
}

void StateFile::write() {
  dirty_ = false;
  QThreadPool::globalInstance()->start([path = path_, bytes = QJsonDocument(state_).toJson()] { save(path, bytes); });
}

void StateFile::flush() {
  later_.stop();
  if (!dirty_) return;
  dirty_ = false;
  save(path_, QJsonDocument(state_).toJson());
}

}  // namespace hadal::ui
