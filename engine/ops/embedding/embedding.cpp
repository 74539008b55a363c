#include "ops/embedding/embedding.h"

#include "ops/operation_log.h"
#include "tensor/dequantise.h"

namespace hadal::ops {

void embedding(const Context& context, const WeightView& table, const TokenId* ids, std::int64_t tokens, float* out) {
  const TimedOperation timed(context.log, "embedding");
  context.pool.for_range(tokens, 16, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      dequantise_row(table, ids[t], out + t * table.cols);
    }
  });
}

}  // namespace hadal::ops
