#include "ops/latent_attention/latent_attention.h"

#include "ops/latent_attention/plan.h"
#include "ops/matmul/packed.h"
#include "ops/operation_log.h"

namespace hadal::ops {
namespace {

/// Of the mode that takes fewer multiplications (plan_latents), whichever was asked for.
OperationWork work_of(const LatentShape& shape, const LatentWeights& weights, const KvLayerView& cache,
                      const AttentionRow* rows, std::int64_t tokens) {
  OperationWork work{.operation = "latent_attention", .w = &weights.key.all, .matrices = 1};
  const auto row_bytes = static_cast<std::uint64_t>(shape.stored()) * dtype_traits(cache.type).block_bytes;
  const std::int64_t expand = std::int64_t{shape.rank} * (shape.nope + shape.value);
  for (const LatentRun& run : plan_latents(shape, rows, tokens, LatentMode::automatic)) {
    const bool absorbed = run.mode == LatentMode::absorbed;
    const std::int64_t first = rows[run.row].position + 1, last = first + run.rows - 1;
    const std::int64_t pairs = (first + last) * run.rows / 2;
    const std::int64_t products = (absorbed ? run.rows : last) * expand +
                                  pairs * (absorbed ? shape.row() + shape.rank : shape.key() + shape.value);
    work.arithmetic += 2 * static_cast<std::uint64_t>(products * shape.heads);
    work.bytes += static_cast<std::uint64_t>(last) * row_bytes;
  }
  const WeightView& w = weights.key.all;
  work.bytes += static_cast<std::uint64_t>(shape.heads * expand / w.cols * w.row_bytes());
  return work;
}

}  // namespace

WeightView HeadMatrices::of(std::int64_t head, std::int64_t rows) const {
  const std::int64_t row = first + head * step;
  WeightView part = all.part(row, rows);
  if (all.packed) part.packed = all.packed + row / kPackedRows * PackedLayout::of(all.type).group_bytes(all.cols);
  return part;
}

void store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents) {
  const TimedOperation timed(context.log, "store_latents");
  return context.backend == Backend::reference ? reference::store_latents(context, shape, cache, rows, tokens, latents)
                                               : cpu::store_latents(context, shape, cache, rows, tokens, latents);
}

void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode mode) {
  const TimedOperation timed(context.log, [&] { return work_of(shape, weights, cache, rows, tokens); });
  return context.backend == Backend::reference
             ? reference::latent_attention(context, shape, weights, cache, rows, tokens, q, out, mode)
             : cpu::latent_attention(context, shape, weights, cache, rows, tokens, q, out, mode);
}

}  // namespace hadal::ops
