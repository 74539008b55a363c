#pragma once

#include <cstdint>

namespace hadal::ops {

// How rows of unpacked weights are asked for while those before them are multiplied, some rows at a time: of rows up to
// kShortRow bytes the ones that come next, one behind another as they lie in memory; longer rows are streams of their
// own, of which kLongAhead bytes are on their way.
inline constexpr std::int64_t kShortRow = 8192;
inline constexpr std::int64_t kLongAhead = 512;

}  // namespace hadal::ops
