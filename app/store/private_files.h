#pragma once

#include <QString>

namespace hadal {

/// Conversations are nobody else's business, whatever the umask says. Only what belongs to this user is changed.
/// Makes an empty file with mode 0600 if there is none; SQLite gives the files beside a database the same mode.
void makePrivateFile(const QString& file);
/// Makes the folder, and those above it, with mode 0700; an existing one of ours gets it too.
bool makePrivateFolder(const QString& folder);
/// Takes an existing file's permissions away from everybody else.
void makePrivate(const QString& file);

/// What lies under the name if it is neither a file nor nothing: "a folder", "a pipe", "a device"; else empty.
QString notAFile(const QString& path);

}  // namespace hadal
