#pragma once

#include <QString>
#include <QStringList>

namespace hadal {

/// Where a model comes from when the program starts.
struct ModelSearch {
  QString chosen;         ///< By the settings or the command line; nothing else is tried then, unless ...
  QStringList folders;    ///< Looked through in this order, by name within a folder.
  bool fallBack = false;  ///< ... this is set: if `chosen` cannot be loaded, the folders are looked through.

  /// The folders of this machine: beside the program, shared ones, then the profile's own.
  static QStringList standardFolders(const QString& profileFolder);

  /// Empty if there is none. Reads folders, so it belongs into another thread than the window's.
  QString find() const { return chosen.isEmpty() ? findInFolders() : chosen; }
  QString findInFolders() const;
};

}  // namespace hadal
