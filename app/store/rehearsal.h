#pragma once

#include <QString>

namespace hadal {

class Connection;

/// Does once what the program does all day, and takes it back: a schema whose text was damaged passes SQLite's checks
/// and fails here. The complaint, or empty. Writes nothing.
QString rehearse(Connection& connection);

}  // namespace hadal
