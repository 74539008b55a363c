#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/context.h"
#include "tensor/dtype.h"

namespace hadal::ops {

/// Writes `rows` rows of `cols` float32 elements as `type`, any type of GGUF's that the operations here compute with.
/// Of all the ways to do that it looks for one with the least
///
///     sum over rows r and columns c of importance[c] * (x[r, c] - stored[r, c])^2
///
/// by searching the blocks' scales; the importance of a column is the mean square of the activation it is multiplied
/// with, or null where that is not known and all columns count alike. It must be finite and not negative.
///
/// `cols` is a multiple of the type's block size; `out` has room for rows * row_bytes and needs no alignment. Fails,
/// without saying more, where an element is no number or a block's scale is beyond binary16. The result does not depend
/// on the number of threads. The search has no plain twin: its tests hold it against the least error there is, found
/// by trying every scale.
[[nodiscard]] bool quantise(const Context& context, DType type, const float* x, std::int64_t rows, std::int64_t cols,
                            const float* importance, std::byte* out);

}  // namespace hadal::ops
