#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "hadal/expert_usage.h"
#include "hadal/tokenizer.h"
#include "ops/attention/attention.h"
#include "ops/context.h"

namespace hadal {

/// What one token occupies in the KV cache: in each layer one row of keys and one of values. Attention over heads has
/// rows of kv_heads vectors of head_size each; latent attention has one row that is both, and no values.
struct KvShape {
  int layers = 0;
  int key_row = 0;    ///< Elements, see ops::stored_size().
  int value_row = 0;  ///< Elements; may be 0.
  int kv_heads = 0;   ///< 0: of latents.
};

/// The routed experts of a model; all 0 where there are none.
struct ExpertShape {
  int layers = 0;   ///< Of the model, with or without experts.
  int experts = 0;  ///< Of a layer.
  int used = 0;     ///< Of a token.
};

struct ModelMatrices {
  std::vector<WeightView> always;     ///< For every token.
  std::vector<WeightView> both_ways;  ///< For every token too; prompts read them as they lie in the file.
  std::vector<WeightView> sometimes;  ///< Of routed experts: for the tokens that chose them.
};

/// The tokens of one forward pass, of one or many sequences.
struct Batch {
  std::span<const TokenId> ids;              ///< [tokens], each inside the vocabulary.
  std::span<const std::int32_t> positions;   ///< [tokens]
  std::span<const ops::AttentionRow> rows;   ///< [tokens]: where each token's keys and values belong.
  std::span<const std::int32_t> logit_rows;  ///< Indices of the tokens whose logits are wanted, ascending.
  int experts_used = 0;  ///< Routed experts of a token, where fewer than the model's are wanted; 0: the model's.
  ExpertUsage* usage = nullptr;  ///< Where the choices of experts are added, of the size of expert_shape(); or null.
  const std::atomic<int>* interrupt = nullptr;  ///< Above 0: whoever wanted this wants it no more. Or null.

  bool interrupted() const { return interrupt && interrupt->load(std::memory_order_relaxed) > 0; }

  /// [tokens, width]: takes the residual stream behind the last layer, before the output norm; or null.
  float* hidden = nullptr;
};

/// An architecture's forward pass over loaded weights. Immutable; shared by engines.
class Decoder {
 public:
  virtual ~Decoder() = default;

  virtual KvShape kv_shape() const = 0;
  virtual std::int64_t width() const = 0;  ///< Of the residual stream.
  virtual std::int32_t vocabulary_size() const = 0;
  virtual std::int32_t context_length() const = 0;  ///< Tokens the model was trained for.
  virtual std::uint64_t weight_bytes() const = 0;
  virtual ExpertShape expert_shape() const { return {}; }
  /// Multiplications of one token's pass, for a first guess of its duration.
  virtual std::uint64_t multiplications() const = 0;

  /// Every matrix that forward() and draft() multiply with, once or more often.
  virtual ModelMatrices matrices() const = 0;

  /// Floats that forward() needs for a batch of this size.
  virtual std::int64_t scratch_floats(std::int64_t tokens, std::int64_t logit_rows) const = 0;
  /// Computes the batch, stores its keys and values in `cache` (one view per layer) and writes
  /// logits [logit_rows, vocabulary]. `scratch` is aligned to 64 bytes. False if it was interrupted between two layers:
  /// the logits are not there, and what is in the cache is worth nothing.
  virtual bool forward(const ops::Context& context, const Batch& batch, std::span<const ops::KvLayerView> cache,
                       float* scratch, float* logits) const = 0;

  /// Layers that guess one token further than the model itself (multi-token prediction); their caches follow those of
  /// the other layers in kv_shape().
  virtual int draft_layers() const { return 0; }
  /// The logits of a draft layer. `hidden` [tokens, width] is the residual stream at each position, of forward() for
  /// the first layer or of the layer before; batch.ids are the tokens that follow those positions. What comes out is
  /// the guess of the token after that. Memory and `cache` as for forward().
  virtual void draft(int layer, const ops::Context& context, const Batch& batch, const float* hidden,
                     std::span<const ops::KvLayerView> cache, float* scratch, float* logits) const;
};

inline void Decoder::draft(int, const ops::Context&, const Batch&, const float*, std::span<const ops::KvLayerView>,
                           float*, float*) const {}

}  // namespace hadal
