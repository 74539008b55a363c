#pragma once

#include "hadal/tokenizer.h"
#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// Row ids[t] of `table` [vocabulary, width] as float32 into out [tokens, width]. Ids must lie inside the table.
/// One row a token is too little work for a SIMD twin: both backends dequantise plainly.
void embedding(const Context& context, const WeightView& table, const TokenId* ids, std::int64_t tokens, float* out);

}  // namespace hadal::ops
