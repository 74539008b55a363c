#pragma once

#include <cstdint>

#include "ops/attention/attention.h"
#include "ops/context.h"
#include "tensor/view.h"

namespace hadal::ops {

/// Elements of the cache that a part of a latent row takes: itself, and a float32 in two of them. Rows lie one behind
/// another, of two parts each, the latent and what carries the position; in elements of type
///   f32   the part as it is, for the plain twins; two elements are left empty
///   i16   the part as integers (ops/attention/rounded.h), then their scale
constexpr int stored_part(int size) {
  return size + 2;
}

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1). Of a token the cache holds one row for all
/// heads: its latent c (`rank` elements) and the key part that carries the position (`rope` elements, turned). A head's
/// key is [W_UK c | rope part] and its value W_UV c.
struct LatentShape {
  int heads = 0;
  int rank = 0;   ///< Of the latent (kv_lora_rank).
  int rope = 0;   ///< Elements of a key that turn with the position, the same for all heads.
  int nope = 0;   ///< Elements of a head's key that come from the latent.
  int value = 0;  ///< Elements of a head's value.
  float scale = 0.0F;

  int row() const { return rank + rope; }  ///< Elements of a token's row; at most kMostLatentRow.
  /// Elements that it takes in the cache.
  int stored() const { return stored_part(rank) + stored_part(rope); }
  int key() const { return nope + rope; }
};

/// Of LatentShape::row(): for scratch on the stack.
inline constexpr int kMostLatentRow = 1024;

/// The same matrix of every head, as rows of one stored weight: head h's rows begin at first + h * step.
struct HeadMatrices {
  WeightView all;
  std::int64_t first = 0;
  std::int64_t step = 0;
  bool transposed = false;

  /// The first `rows` rows of a head's. Where all are packed, `first` and `step` are multiples of kPackedRows.
  WeightView of(std::int64_t head, std::int64_t rows) const;
};

struct LatentWeights {
  HeadMatrices key;    ///< W_UK: per head [nope, rank], or transposed [rank, nope]
  HeadMatrices value;  ///< W_UV: per head [value, rank]; never transposed
};

/// How a row's attention is computed; the results agree within rounding.
enum class LatentMode {
  automatic,     ///< Per sequence, what takes fewer multiplications: see plan_latents.
  absorbed,      ///< q W_UK once per query, then attention over the latents themselves: for few queries, as in decode.
  decompressed,  ///< Keys and values of every head from the latents, then attention over these: for many, as in
                 ///< prefill.
};

/// Writes latent rows [tokens, row()] (float32) into the cache's keys at each row's position.
void store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents);

/// Causal attention of each row over positions 0..position of its own sequence, which must already be stored.
/// q is [tokens, heads, nope + rope] with the rope part turned; out is [tokens, heads, value]; both float32. Takes
/// scratch memory that does not grow with the context beyond what 33 partial outputs of a few rows need; throws
/// std::bad_alloc where there is none.
void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode mode = LatentMode::automatic);

namespace reference {
void store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents);
/// Has one way only, in float64, whatever the mode.
void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode mode);
}  // namespace reference

namespace cpu {
void store_latents(const Context& context, const LatentShape& shape, const KvLayerView& cache, const AttentionRow* rows,
                   std::int64_t tokens, const float* latents);
void latent_attention(const Context& context, const LatentShape& shape, const LatentWeights& weights,
                      const KvLayerView& cache, const AttentionRow* rows, std::int64_t tokens, const float* q,
                      float* out, LatentMode mode);
}  // namespace cpu

}  // namespace hadal::ops
