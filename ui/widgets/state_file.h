#pragma once

#include <QJsonObject>
#include <QObject>
#include <QTimer>

namespace hadal::ui {

/// Where the window was and what it showed: a small file of the profile that may be lost without harm. Read once at
/// the start; written by another thread, a second after the last change.
class StateFile : public QObject {
  Q_OBJECT
 public:
  explicit StateFile(QString path, QObject* parent = nullptr);
  ~StateFile() override;

  QJsonValue value(const QString& key) const { return state_.value(key); }
  void set(const QString& key, const QJsonValue& value);
  /// Writes what is pending, now and in this thread: for the end of the program.
  void flush();

 private:
  void write();
  QString path_;
  QJsonObject state_;
  QTimer later_;
  bool dirty_ = false;
};

}  // namespace hadal::ui
