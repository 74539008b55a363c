#pragma once

#include "formats/checkpoint.h"
#include "hadal/model.h"

namespace hadal {

/// Brings what every token needs into memory, so that the first answer does not wait for the disk, and tells how far it
/// is. Experts and rows of the token table come when they are chosen; those that never are cost no memory, though the
/// system keeps the table as it keeps files. Nothing is read where there is no room for it: pages would push each other
/// out, and those of other programs.
Result<void> read_ahead(const Checkpoint& file, LoadControl& control);

}  // namespace hadal
