#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/compute_pool.h"
#include "hadal/model.h"
#include "ops/matmul/packed_matrices.h"

namespace hadal {

/// Packs what the model multiplies every token with, if all of its matrices fit the memory that is free; otherwise
/// nothing, and the weights are read as they lie in their files. Experts have a place and are packed when they are
/// first chosen, or ahead of that: `later` takes them. The originals' memory is given back part by part, so that
/// never more than 16 MiB of them are held twice. `out` must not outlive the model. Fails with cancelled; what was
/// packed by then is used, and the next call goes on from there.
Result<void> pack_matrices(const Model& model, ComputePool& pool, std::size_t cpu_target, LoadControl& control,
                           ops::PackedMatrices& out, std::vector<WeightView>& later);

/// Packs some of `later`, from the end, for some milliseconds, and takes them out. False if there is nothing left to
/// do: all are packed, or those that are left take more of the free memory than they may.
bool pack_some(ComputePool& pool, std::size_t cpu_target, ops::PackedMatrices& out, std::vector<WeightView>& later);

std::int64_t packed_bytes_of(std::span<const WeightView> matrices);

}  // namespace hadal
