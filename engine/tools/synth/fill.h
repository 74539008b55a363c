#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/compute_pool.h"
#include "formats/gguf_writer.h"
#include "tools/synth/shape.h"

namespace hadal::tools {

/// Writes random numbers into every tensor of the plan, in which `tensors` are planned one for one. What is written
/// depends on `seed` and the tensors' names alone. Takes a megabyte or so for each thread. `report` is told now and
/// then how many bytes are written; where it returns false the work ends with ErrorCode::cancelled.
Result<void> fill_tensors(GgufWriter& writer, std::span<const ShapedTensor> tensors, std::uint64_t seed,
                          ComputePool& pool, const std::function<bool(std::uint64_t written)>& report);

}  // namespace hadal::tools
