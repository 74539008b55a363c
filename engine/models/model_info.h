#pragma once

#include "formats/gguf.h"
#include "hadal/model.h"

namespace hadal {

/// What an opened file says of itself; of any architecture. Fails where a key it needs has another type.
Result<ModelInfo> model_info(const GgufFile& file);

}  // namespace hadal
