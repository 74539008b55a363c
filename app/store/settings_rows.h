#pragma once

#include <QHash>
#include <QVariant>

namespace hadal {

class Connection;

/// The rows of `settings`, what the person chose, and of `state`, what the program remembers by itself.
class SettingsRows {
 public:
  explicit SettingsRows(Connection& connection) : connection_(connection) {}

  QHash<QString, QVariant> all();
  void set(const QString& key, const QVariant& value);
  void remove(const QString& key);

  QString remembered(const QString& key);
  void remember(const QString& key, const QString& value);

 private:
  Connection& connection_;
};

}  // namespace hadal
