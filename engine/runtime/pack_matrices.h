#pragma once

#include <cstddef>

#include "base/compute_pool.h"
#include "hadal/model.h"
#include "ops/matmul/packed_matrices.h"

namespace hadal {

/// Packs what the model multiplies with, if all of it fits the memory that is free; otherwise nothing, and the weights
/// are read as they lie in their files. The originals' memory is given back tensor by tensor, so that never more than
/// one of them is held twice.
void pack_matrices(const Model& model, ComputePool& pool, std::size_t cpu_target, ops::PackedMatrices& out);

}  // namespace hadal
