#include "app/store/settings_rows.h"

#include "app/store/connection.h"

namespace hadal {

QHash<QString, QVariant> SettingsRows::all() {
  QHash<QString, QVariant> result;
  Statement select(connection_, QStringLiteral("SELECT key, value FROM settings"));
  while (select.next()) result.insert(select.text(0), select.variant(1));
  return result;
}

void SettingsRows::set(const QString& key, const QVariant& value) {
  const QVariant stored = value.typeId() == QMetaType::Bool ? QVariant(value.toBool() ? 1 : 0) : value;
  Statement(connection_, QStringLiteral("INSERT INTO settings(key, value) VALUES (?, ?) "
                                        "ON CONFLICT(key) DO UPDATE SET value = excluded.value"))
      .bind(key, stored)
      .run();
}

void SettingsRows::remove(const QString& key) {
  Statement(connection_, QStringLiteral("DELETE FROM settings WHERE key = ?")).bind(key).run();
}

QString SettingsRows::remembered(const QString& key) {
  Statement select(connection_, QStringLiteral("SELECT value FROM state WHERE key = ?"));
  select.bind(key);
  return select.next() ? select.text(0) : QString();
}

void SettingsRows::remember(const QString& key, const QString& value) {
  Statement(connection_, QStringLiteral("INSERT INTO state(key, value) VALUES (?, ?) "
                                        "ON CONFLICT(key) DO UPDATE SET value = excluded.value"))
      .bind(key, value)
      .run();
}

}  // namespace hadal
