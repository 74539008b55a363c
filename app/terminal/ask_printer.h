#pragma once

#include <QJsonObject>
#include <QObject>

#include "app/terminal/output.h"

namespace hadal {

/// `hadal --ask`: puts the events of an AskSession, of this process or another, on the standard output.
class AskPrinter : public QObject {
  Q_OBJECT
 public:
  AskPrinter(bool json, Complaints& complaints, QObject* parent = nullptr)
      : QObject(parent), json_(json), complaints_(complaints) {}
  void take(const QJsonObject& event);
  /// The source ended; without a last event something went wrong there.
  void sourceGone();

 Q_SIGNALS:
  void ended(int exitCode);
  /// Nobody reads what is printed.
  void readerGone();

 private:
  void put(const QString& text);

  bool json_;
  Complaints& complaints_;
  bool over_ = false;
  bool lineOpen_ = false;
};

}  // namespace hadal
