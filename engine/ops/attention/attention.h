#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/attention/rounded.h"
#include "ops/context.h"
#include "tensor/dtype.h"

namespace hadal::ops {

/// One layer of the paged KV cache. A block holds kv_heads vectors of keys, and as many of values, for each of its
/// tokens, in elements of `type`:
///   f32   [tokens, kv_heads, stored_size], the vectors as they are, for the plain twins
///   i16   [kv_heads], panels of integers as the cpu twins multiply them, and their scales (ops/attention/panels.h)
/// Latent attention has another form, in `keys` alone (ops/latent_attention/latent_attention.h).
struct KvLayerView {
  std::byte* keys = nullptr;    ///< Of block 0.
  std::byte* values = nullptr;  ///< Of block 0, or null.
  DType type = DType::i16;
  std::int64_t block_bytes = 0;  ///< From a block's keys or values to the next block's.

  static constexpr int kBlockTokens = 32;
};

/// Elements of the cache that one vector of a token takes: padded, and a float32 in two of them.
constexpr int stored_size(int size) {
  return static_cast<int>(padded_size(size)) + 2;
}

/// The type of the cache that a twin reads.
constexpr DType kv_type(Backend backend) {
  return backend == Backend::cpu ? DType::i16 : DType::f32;
}

struct AttentionShape {
  int heads = 0;
  int kv_heads = 0;  ///< Divides heads; query head h reads kv head h / (heads / kv_heads).
  int head_size = 0;
  float scale = 0.0F;       ///< Usually 1 / sqrt(head_size).
  std::int32_t window = 0;  ///< Positions a row sees, its own included (Beltagy et al. 2020); 0: all before it.

  /// First position that the row at `position` sees.
  std::int32_t first_seen(std::int32_t position) const {
    return window == 0 || position < window ? 0 : position - window + 1;
  }
};

/// Where one token's row lives: the sequence's block table and the token's position in it.
struct AttentionRow {
  const std::int32_t* blocks = nullptr;  ///< Block of position p is blocks[p / kBlockTokens].
  std::int32_t position = 0;
};

/// Writes keys and values [tokens, kv_heads, head_size] (float32) into the cache at each row's position.
void store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values);

/// Causal attention of each row over positions first_seen..position of its own sequence, which must already be stored:
/// softmax(scale * q K^T) V, with q and out [tokens, heads, head_size] in float32 (Vaswani et al. 2017, eq. 1).
void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out);

namespace reference {
void store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values);
void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out);
}  // namespace reference

namespace cpu {
void store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
              std::int64_t tokens, const float* keys, const float* values);
void attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows,
               std::int64_t tokens, const float* q, float* out);
}  // namespace cpu

}  // namespace hadal::ops
