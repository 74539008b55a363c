#pragma once

#include "ops/context.h"
#include "ops/matmul/activations.h"
#include "tensor/view.h"

namespace hadal::ops::cpu {

/// Rounds x [tokens, cols] into tiles of `format` at `out`, on the calling thread. A call may do some of a matrix's
/// tiles: every one but the last has kTileTokens tokens.
void round_activations(const Context& context, const ActivationFormat& format, const float* x, std::int64_t tokens,
                       std::int64_t cols, std::byte* out);

/// Rows [begin, end) of y = x W^T for quantised weights, y [tokens, w.rows], `x` in tiles of activation_format(w.type).
/// A token's result does not depend, to the last bit, on the others computed with it.
void quantised_rows(const Context& context, const WeightView& w, const std::byte* x, std::int64_t tokens, float* y,
                    std::int64_t begin, std::int64_t end);

}  // namespace hadal::ops::cpu
