#pragma once

#include <cstddef>

#include "base/compute_pool.h"
#include "hadal/model.h"
#include "ops/matmul/packed_matrices.h"

namespace hadal {

/// Packs what the model multiplies every token with, if all of its matrices fit the memory that is free; otherwise
/// nothing, and the weights are read as they lie in their files. Experts have a place and are packed when they are
/// first chosen: those that never are cost no memory. The originals' memory is given back part by part, so that
/// never more than 16 MiB of them are held twice. `out` must not outlive the model. Fails with cancelled; what was
/// packed by then is used, and the next call goes on from there.
Result<void> pack_matrices(const Model& model, ComputePool& pool, std::size_t cpu_target, LoadControl& control,
                           ops::PackedMatrices& out);

}  // namespace hadal
