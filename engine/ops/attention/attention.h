#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/context.h"
#include "tensor/dtype.h"

namespace hadal::ops {

/// One layer of the paged KV cache. Block b holds `block_tokens` rows of keys and as many of values. A row is one or
/// more vectors, each of stored_size() elements of `type`:
///   f32   the vector, for the plain twins; two elements are left empty
///   i16   the vector as integers (ops/attention/rounded.h), ready for the cpu twins to multiply, then their scale, a
///         float32 in two elements
/// Here a row is kv_heads vectors of head_size; latent attention keeps its one row per token in `keys`.
struct KvLayerView {
  std::byte* keys = nullptr;    ///< [blocks, block_tokens, row]
  std::byte* values = nullptr;  ///< the same shape, or null
  DType type = DType::i16;
  int block_tokens = 32;
};

/// Elements of the cache that a vector takes.
constexpr int stored_size(int size) {
  return size + 2;
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
  const std::int32_t* blocks = nullptr;  ///< Block of position p is blocks[p / block_tokens].
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
