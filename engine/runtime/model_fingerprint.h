#pragma once

#include <array>
#include <cstdint>

#include "formats/checkpoint.h"

namespace hadal {

/// 128 bits that differ from model to model: of all metadata, of every tensor's name, type and shape, and of up to 4 kB
/// from its beginning, middle and end. Weights that were trained differ everywhere, so a fine-tuned model is told from
/// its base; a file in which somebody changed single bytes is not. Reads the pages it needs, a few milliseconds where
/// the file is in memory.
using Fingerprint = std::array<std::uint64_t, 2>;

Fingerprint model_fingerprint(const Checkpoint& file);

}  // namespace hadal
