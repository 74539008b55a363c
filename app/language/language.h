#pragma once

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

}  // namespace hadal
