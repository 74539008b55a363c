#include "ops/attention/attention.h"

#include "ops/operation_log.h"

namespace hadal::ops {
namespace {

/// A row's keys are met by every query head, and its values by every weight; a sequence's rows share what they read.
OperationWork work_of(const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                      std::int64_t tokens) {
  OperationWork work{.operation = "attention"};
  const auto row_bytes = static_cast<std::uint64_t>(2 * shape.kv_heads * stored_size(shape.head_size)) *
                         dtype_traits(cache.type).block_bytes;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const auto seen = static_cast<std::uint64_t>(rows[t].position - shape.first_seen(rows[t].position) + 1);
    const bool last = t + 1 == tokens || rows[t + 1].blocks != rows[t].blocks;
    if (last) work.bytes += seen * row_bytes;
    work.arithmetic += 4 * seen * static_cast<std::uint64_t>(shape.heads * shape.head_size);
  }
  return work;
}

}  // namespace

void store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values) {
  const TimedOperation timed(context.log, "store_kv");
  return context.backend == Backend::reference ? reference::store_kv(context, shape, cache, rows, tokens, keys, values)
                                               : cpu::store_kv(context, shape, cache, rows, tokens, keys, values);
}

void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out) {
  const TimedOperation timed(context.log, [&] { return work_of(shape, cache, rows, tokens); });
  return context.backend == Backend::reference ? reference::attention(context, shape, cache, rows, tokens, q, out)
                                               : cpu::attention(context, shape, cache, rows, tokens, q, out);
}

}  // namespace hadal::ops
