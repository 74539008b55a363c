#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "ops/latent_attention/layout.h"
#include "tensor/dequantise.h"

namespace hadal::ops::reference {
namespace {

using Doubles = std::vector<double>;

Doubles zeros(int count) {
  return Doubles(static_cast<std::size_t>(count));
}

/// A head's matrix [rows, cols] as it is multiplied, stored or transposed.
Doubles head_matrix(const HeadMatrices& matrices, int head, int rows, int cols) {
  const int stored_rows = matrices.transposed ? cols : rows, stored_cols = matrices.transposed ? rows : cols;
  std::vector<float> row(static_cast<std::size_t>(stored_cols));
  Doubles matrix = zeros(rows * cols);
  for (int r = 0; r < stored_rows; ++r) {
    dequantise_row(matrices.all, matrices.first + head * matrices.step + r, row.data());
    for (int c = 0; c < stored_cols; ++c) {
      const int at = matrices.transposed ? c * cols + r : r * cols + c;
      matrix[static_cast<std::size_t>(at)] = static_cast<double>(row[static_cast<std::size_t>(c)]);
    }
  }
  return matrix;
}

struct Head {
  const LatentShape& shape;
  const KvLayerView& cache;
  Doubles up_key;    ///< [nope, rank]
  Doubles up_value;  ///< [value, rank]
};

/// q . key = (W_UK^T q_nope) . c + q_rope . k_rope: what is multiplied with a latent row, as the row is stored.
Doubles absorbed_query(const Head& h, const float* q) {
  Doubles query = zeros(h.shape.stored());
  for (int n = 0; n < h.shape.nope; ++n) {
    for (int r = 0; r < h.shape.rank; ++r) {
      query[static_cast<std::size_t>(r)] +=
          static_cast<double>(q[n]) * h.up_key[static_cast<std::size_t>(n * h.shape.rank + r)];
    }
  }
  for (int i = 0; i < h.shape.rope; ++i) {
    query[static_cast<std::size_t>(stored_part(h.shape.rank) + i)] = static_cast<double>(q[h.shape.nope + i]);
  }
  return query;
}

/// One head of one row, as the formula says: all scores, their softmax, the weighted sum of latents, the value of that.
void attend(const Head& h, const AttentionRow& row, const float* q, float* out) {
  const Doubles query = absorbed_query(h, q);
  Doubles weights = zeros(row.position + 1), sum = zeros(h.shape.rank);
  double highest = -INFINITY, total = 0.0;
  for (std::int32_t p = 0; p <= row.position; ++p) {
    const auto* latent = latent_row<const float>(h.shape, h.cache, row, p);
    double dot = 0.0;
    for (std::size_t i = 0; i < query.size(); ++i) dot += query[i] * static_cast<double>(latent[i]);
    weights[static_cast<std::size_t>(p)] = dot * static_cast<double>(h.shape.scale);
    highest = std::max(highest, weights[static_cast<std::size_t>(p)]);
  }
  for (double& weight : weights) total += weight = std::exp(weight - highest);
  for (std::int32_t p = 0; p <= row.position; ++p) {
    const auto* latent = latent_row<const float>(h.shape, h.cache, row, p);
    const double weight = weights[static_cast<std::size_t>(p)] / total;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * static_cast<double>(latent[i]);
  }
  for (int v = 0; v < h.shape.value; ++v) {
    double value = 0.0;
    for (std::size_t i = 0; i < sum.size(); ++i)
      value += h.up_value[static_cast<std::size_t>(v) * sum.size() + i] * sum[i];
    out[v] = static_cast<float>(value);
  }
}

}  // namespace

void store_latents(const Context&, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents) {
  assert(cache.type == DType::f32);
  for (std::int64_t t = 0; t < tokens; ++t) {
    auto* to = latent_row<float>(shape, cache, rows[t], rows[t].position);
    std::fill_n(to, shape.stored(), 0.0F);
    std::copy_n(latents + t * shape.row(), shape.rank, to);
    std::copy_n(latents + t * shape.row() + shape.rank, shape.rope, to + stored_part(shape.rank));
  }
}

void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode) {
  assert(cache.type == DType::f32);
  context.pool.for_range(shape.heads, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto head = static_cast<int>(begin); head < end; ++head) {
      const Head h{shape, cache, head_matrix(weights.key, head, shape.nope, shape.rank),
                   head_matrix(weights.value, head, shape.value, shape.rank)};
      for (std::int64_t t = 0; t < tokens; ++t) {
        attend(h, rows[t], q + (t * shape.heads + head) * shape.key(), out + (t * shape.heads + head) * shape.value);
      }
    }
  });
}

}  // namespace hadal::ops::reference
