#pragma once

#include <memory>

#include "formats/checkpoint.h"
#include "hadal/tokenizer.h"

namespace hadal {

/// The tokenizer a model file carries. Fails with a sentence that names the metadata key, and with
/// ErrorCode::unsupported for kinds this build does not know.
Result<std::unique_ptr<Tokenizer>> make_tokenizer(const Checkpoint& file);

}  // namespace hadal
