#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf_writer.h"
#include "tools/synth/shape.h"

namespace hadal::tools {

/// Writes a byte-level vocabulary of the family's full size that encodes any text and decodes it to itself: the 256
/// bytes, then merges of them (Chinese characters, runs of letters with and without a space before), the family's
/// special tokens under their published ids, and padding. What the tokens mean was never learnt; how many a text has
/// is near what it is with the real one. Also the family's rules for splitting text and its chat template.
void describe_vocabulary(TokenFamily family, std::uint64_t size, GgufPlan& plan);

}  // namespace hadal::tools
