#pragma once

namespace hadal {

/// Makes the files of this room (icons, translations) reachable below ":/". Call it once before the first use.
void initResources();

}  // namespace hadal
