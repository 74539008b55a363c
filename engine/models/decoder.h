#pragma once

#include <cstdint>
#include <span>

#include "hadal/expert_usage.h"
#include "hadal/tokenizer.h"
#include "ops/attention/attention.h"
#include "ops/context.h"

namespace hadal {

/// What one token occupies in the KV cache: keys and values [layers, kv_heads, head_size] each.
struct KvShape {
  int layers = 0;
  int kv_heads = 0;
  int head_size = 0;
};

/// The routed experts of a model; all 0 where there are none.
struct ExpertShape {
  int layers = 0;   ///< Of the model, with or without experts.
  int experts = 0;  ///< Of a layer.
  int used = 0;     ///< Of a token.
};

/// The tokens of one forward pass, of one or many sequences.
struct Batch {
  std::span<const TokenId> ids;              ///< [tokens], each inside the vocabulary.
  std::span<const std::int32_t> positions;   ///< [tokens]
  std::span<const ops::AttentionRow> rows;   ///< [tokens]: where each token's keys and values belong.
  std::span<const std::int32_t> logit_rows;  ///< Indices of the tokens whose logits are wanted, ascending.
  int experts_used = 0;  ///< Routed experts of a token, where fewer than the model's are wanted; 0: the model's.
  ExpertUsage* usage = nullptr;  ///< Where the choices of experts are added, of the size of expert_shape(); or null.
};

/// An architecture's forward pass over loaded weights. Immutable; shared by engines.
class Decoder {
 public:
  virtual ~Decoder() = default;

  virtual KvShape kv_shape() const = 0;
  virtual std::int32_t vocabulary_size() const = 0;
  virtual std::int32_t context_length() const = 0;  ///< Tokens the model was trained for.
  virtual std::uint64_t weight_bytes() const = 0;
  virtual ExpertShape expert_shape() const { return {}; }
  /// Multiplications of one token's pass, for a first guess of its duration.
  virtual std::uint64_t multiplications() const = 0;

  /// Floats that forward() needs for a batch of this size.
  virtual std::int64_t scratch_floats(std::int64_t tokens, std::int64_t logit_rows) const = 0;
  /// Computes the batch, stores its keys and values in `cache` (one view per layer) and writes
  /// logits [logit_rows, vocabulary]. `scratch` is aligned to 64 bytes.
  virtual void forward(const ops::Context& context, const Batch& batch, std::span<const ops::KvLayerView> cache,
                       float* scratch, float* logits) const = 0;
};

}  // namespace hadal
