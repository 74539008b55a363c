#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "ops/attention/layout.h"

namespace hadal::ops::reference {
namespace {

/// One query head of one row, as the formula says: all scores, their softmax, the weighted sum.
void attend(const AttentionShape& shape, const KvLayerView& cache, const AttentionRow& row, int head, const float* q,
            float* out) {
  const int kv_head = head / (shape.heads / shape.kv_heads);
  const std::int64_t first = shape.first_seen(row.position);
  std::vector<double> weights(static_cast<std::size_t>(row.position - first) + 1);
  double highest = -INFINITY, total = 0.0;
  for (std::int64_t p = first; p <= row.position; ++p) {
    const float* key = plain_vector(cache.keys, cache, shape, row, p, kv_head);
    double dot = 0.0;
    for (int i = 0; i < shape.head_size; ++i) dot += static_cast<double>(q[i]) * static_cast<double>(key[i]);
    dot *= static_cast<double>(shape.scale);
    weights[static_cast<std::size_t>(p - first)] = dot;
    highest = std::max(highest, dot);
  }
  for (double& weight : weights) total += weight = std::exp(weight - highest);
  std::vector<double> sums(static_cast<std::size_t>(shape.head_size));
  for (std::int64_t p = first; p <= row.position; ++p) {
    const float* value = plain_vector(cache.values, cache, shape, row, p, kv_head);
    const double weight = weights[static_cast<std::size_t>(p - first)] / total;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * static_cast<double>(value[i]);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<float>(sums[i]);
}

}  // namespace

void store_kv(const Context&, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values) {
  assert(cache.type == DType::f32);
  for (std::int64_t i = 0; i < tokens * shape.kv_heads; ++i) {
    const AttentionRow& row = rows[i / shape.kv_heads];
    const auto store = [&](const float* from, std::byte* part) {
      std::copy_n(from + i * shape.head_size, shape.head_size,
                  plain_vector(part, cache, shape, row, row.position, static_cast<int>(i % shape.kv_heads)));
    };
    store(keys, cache.keys);
    store(values, cache.values);
  }
}

void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out) {
  assert(cache.type == DType::f32);
  context.pool.for_range(tokens * shape.heads, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      attend(shape, cache, rows[i / shape.heads], static_cast<int>(i % shape.heads), q + i * shape.head_size,
             out + i * shape.head_size);
    }
  });
}

}  // namespace hadal::ops::reference
