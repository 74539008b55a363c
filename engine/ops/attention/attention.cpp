#include "ops/attention/attention.h"

namespace hadal::ops {

void store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values) {
  return context.backend == Backend::reference ? reference::store_kv(context, shape, cache, rows, tokens, keys, values)
                                               : cpu::store_kv(context, shape, cache, rows, tokens, keys, values);
}

void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out) {
  return context.backend == Backend::reference ? reference::attention(context, shape, cache, rows, tokens, q, out)
                                               : cpu::attention(context, shape, cache, rows, tokens, q, out);
}

}  // namespace hadal::ops
