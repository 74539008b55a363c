#pragma once

#include <QString>
#include <QStringList>

#include "app/outcome.h"

namespace hadal {

class Connection;

/// "HADL": PRAGMA application_id of our files, so that `file` and we can tell them from other databases.
inline constexpr int kApplicationId = 0x4841444c;

/// The numbered steps that make the schema; step n leads from version n - 1 to n (PRAGMA user_version).
struct Schema {
  QStringList steps;
  /// The steps compiled into the program, app/store/schema/NNN.sql.
  static Schema shipped();
  int version() const { return static_cast<int>(steps.size()); }
};

/// What a file says of itself.
struct SchemaState {
  int version = 0;
  bool empty = true;  ///< No table yet.
};

/// Fails with a sentence for files of a newer program and for databases that are not ours. Changes nothing.
Outcome<SchemaState> inspectSchema(Connection& connection, const Schema& schema, const QString& file);

/// Brings the database from `from` to the schema's version, each step in a transaction of its own.
Outcome<Nothing> migrate(Connection& connection, const Schema& schema, int from);

/// Cuts an SQL script at its semicolons; trigger bodies, quotes and comments are understood.
QStringList splitStatements(const QString& script);

}  // namespace hadal
