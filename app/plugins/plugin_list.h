#pragma once

#include <QString>

namespace hadal {

/// What `hadal --plugins` prints: each plugin of this program, those that could not be opened and why, and the folder
/// they come from. Opens them, which the file system may make slow.
QString pluginList();

}  // namespace hadal
