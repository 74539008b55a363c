#pragma once

#include "models/key_reader.h"
#include "models/rope_scaling.h"

namespace hadal {

/// The keys "<architecture>.rope.scaling.*" of a model with this base and this context length; errors stay in `keys`.
RopeScaling read_rope_scaling(KeyReader& keys, float base, std::int64_t context_length);

}  // namespace hadal
