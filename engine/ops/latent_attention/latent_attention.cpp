#include "ops/latent_attention/latent_attention.h"

namespace hadal::ops {

void store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents) {
  return context.backend == Backend::reference ? reference::store_latents(context, shape, cache, rows, tokens, latents)
                                               : cpu::store_latents(context, shape, cache, rows, tokens, latents);
}

void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode mode) {
  return context.backend == Backend::reference
             ? reference::latent_attention(context, shape, weights, cache, rows, tokens, q, out, mode)
             : cpu::latent_attention(context, shape, weights, cache, rows, tokens, q, out, mode);
}

}  // namespace hadal::ops
