#pragma once

#include <memory>
#include <string_view>

#include "formats/checkpoint.h"
#include "models/decoder.h"

namespace hadal {

/// The decoder for the file's general.architecture, its weights checked and mapped. An unknown architecture is named,
/// together with those that are supported.
Result<std::unique_ptr<const Decoder>> load_decoder(const Checkpoint& file);

}  // namespace hadal
