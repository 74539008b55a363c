#pragma once

#include <QDateTime>
#include <QObject>
#include <QTranslator>

namespace hadal {

/// The language of the program, terminal and window alike; one at a time. Needs the application object. Widgets hear of a switch as QEvent::LanguageChange.
class Language : public QObject {
  Q_OBJECT
 public:
  explicit Language(const QString& wanted, QObject* parent = nullptr);
  ~Language() override;
  /// "system", "en" or "zh_CN".
  void set(const QString& wanted);
  const QString& current() const { return current_; }

 private:
  QString current_;
  QTranslator program_, toolkit_;
};

/// A day and time as the person's locale writes them shortly; after ISO 8601 where the locale is C, which has no way of
/// its own.
QString shortDateTime(const QDateTime& when);

}  // namespace hadal
