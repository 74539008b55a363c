#pragma once

#include <QString>
#include <QStringList>

#include "app/outcome.h"

namespace hadal {

class Connection;

/// Copies of the database beside it: made and checked before every migration and once a day, the newest three kept.
class Backups {
 public:
  Backups(QString databaseFile, QString folder);

  /// Copies what `connection` shows, checks the copy and only then gives it its name. The value is the file.
  Outcome<QString> make(Connection& connection);
  /// Newest first.
  QStringList files() const;
  bool isDue() const;

  /// Moves the damaged database and its companions aside; never deletes. The value is its new name.
  Outcome<QString> quarantine();
  /// Puts the newest backup that passes its check into the database's place. Empty if there is none.
  QString restoreNewest();

  /// The complaint of SQLite's quick_check; empty if the database is sound.
  static QString check(Connection& connection);

 private:
  QString database_;
  QString folder_;
};

}  // namespace hadal
