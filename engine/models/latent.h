#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "models/decoder.h"
#include "models/feed_forward.h"
#include "models/rope_scaling.h"
#include "models/weights.h"
#include "ops/latent_attention/latent_attention.h"

namespace hadal {

/// deepseek2: DeepSeek-V2 (arXiv:2405.04434), V3 and R1 (arXiv:2412.19437), whose heads look at a latent that is kept
/// once per token.
inline constexpr std::string_view kLatentArchitecture = "deepseek2";

struct LatentParameters {
  std::int64_t layers = 0;        ///< Without the draft layers.
  std::int64_t draft_layers = 0;  ///< Of multi-token prediction, behind the others.
  std::int64_t width = 0;         ///< Of the residual stream.
  std::int64_t heads = 0;
  std::int64_t query_rank = 0;  ///< Of the latent that queries are made of (q_lora_rank); 0: they are made directly.
  std::int64_t rank = 0;        ///< Of the latent that keys and values are made of (kv_lora_rank).
  std::int64_t nope = 0;        ///< Elements of a head's query and key that stay where they are.
  std::int64_t rope = 0;        ///< Those that turn, behind them. Even.
  std::int64_t value = 0;       ///< Elements of a head's value.
  std::int64_t vocabulary = 0;
  std::int64_t context_length = 0;
  float rope_base = 10000.0F;
  RopeScaling rope_scaling;
  float attention_scale = 0.0F;  ///< What scores are multiplied with: m^2 / sqrt(nope + rope).
  float epsilon = 1e-6F;         ///< Of the norms.
  FeedForwardParameters feed_forward;

  std::int64_t key() const { return nope + rope; }
  std::int64_t row() const { return rank + rope; }  ///< Of the cache.
};

struct LatentLayer {
  std::vector<float> attention_norm;     ///< [width]
  Linear query_down;                     ///< [query_rank, width], or nothing
  std::vector<float> query_norm;         ///< [query_rank], or empty
  Linear query;                          ///< [heads * key(), query_rank or width]
  Linear down;                           ///< [rank + rope, width]
  std::vector<float> latent_norm;        ///< [rank]
  ops::LatentWeights up;                 ///< W_UK and W_UV
  Linear o;                              ///< [width, heads * value]
  std::vector<float> feed_forward_norm;  ///< [width]
  FeedForwardWeights feed_forward;
};

/// Multi-token prediction (DeepSeek-V3, section 2.2): of what the model has made of a token and of the token that
/// follows, one more layer makes what the model would make of that.
struct LatentDraftLayer {
  WeightView token_embedding;         ///< [vocabulary, width]; the model's where the file has none.
  std::vector<float> embedding_norm;  ///< [width]
  std::vector<float> hidden_norm;     ///< [width]
  Linear join;                        ///< [width, 2 * width]: of the embedding, then the hidden state
  LatentLayer layer;
  std::vector<float> output_norm;  ///< [width]
  Linear output;                   ///< [vocabulary, width]; the model's where the file has none.
};

struct LatentModelWeights {
  WeightView token_embedding;  ///< [vocabulary, width]
  std::vector<LatentLayer> layers;
  std::vector<float> output_norm;  ///< [width]
  Linear output;                   ///< [vocabulary, width]; the token embedding itself where the file has none.
  std::vector<LatentDraftLayer> drafts;
  std::uint64_t bytes = 0;  ///< Of all tensors above.
};

Result<LatentParameters> read_latent_parameters(const Checkpoint& file);
/// The views point into `file`, which must outlive them.
Result<LatentModelWeights> read_latent_weights(const Checkpoint& file, const LatentParameters& parameters);
Result<std::unique_ptr<const Decoder>> load_latent(const Checkpoint& file);

}  // namespace hadal
