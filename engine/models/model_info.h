#pragma once

#include "formats/checkpoint.h"
#include "hadal/model.h"

namespace hadal {

/// What an opened file says of itself; of any architecture. Fails where a key it needs has another type.
Result<ModelInfo> model_info(const Checkpoint& file);

}  // namespace hadal
