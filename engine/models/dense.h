#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "formats/checkpoint.h"
#include "models/decoder.h"
#include "models/feed_forward.h"
#include "models/rope_scaling.h"
#include "models/weights.h"
#include "ops/rope/rope.h"

namespace hadal {

/// What tells the architectures with dense attention apart. All are decoders with a norm before each half of a layer,
/// rotary positions and grouped-query attention; biases are used wherever a file has them. The feed-forward halves may
/// be a mixture of experts.
struct DenseArchitecture {
  std::string_view name;  ///< general.architecture, and the prefix of the keys.
  NormKind norm = NormKind::rms;
  ops::RopePairs pairs = ops::RopePairs::halves;
  bool biased_qkv = false;  ///< A file without these biases is incomplete.
  bool normed_qk = false;   ///< Every head of q and k goes through an RMSNorm before it turns.
  /// rope.dimension_count tells of latent attention, which this model has not: whole heads turn.
  bool whole_rope = false;
  bool answer_window = false;  ///< attention.sliding_window leaves the prompt alone (R-SWA), which is not supported.
  FeedForwardStyle feed_forward{};
};

/// llama (also Mistral, DeepSeek-LLM and DeepSeek-Coder, SmolLM), qwen2, qwen3, starcoder2; with experts qwen2moe,
/// qwen3moe, deepseek (V1 and the language model of VL2-Tiny), deepseek2-ocr.
const DenseArchitecture* dense_architecture(std::string_view name);

struct DenseParameters {
  std::int64_t layers = 0;
  std::int64_t width = 0;  ///< Of the residual stream ("embedding length").
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;   ///< Divides heads.
  std::int64_t head_size = 0;  ///< Even; heads * head_size need not be the width.
  std::int64_t vocabulary = 0;
  std::int64_t context_length = 0;
  std::int64_t window = 0;                        ///< Positions a token sees, itself included; 0: all.
  std::int64_t rope_dimensions = 0;               ///< Even, at most head_size.
  ops::RopePairs pairs = ops::RopePairs::halves;  ///< The architecture's, unless the checkpoint says otherwise.
  float rope_base = 10000.0F;
  RopeScaling rope_scaling;
  float epsilon = 1e-5F;  ///< Of the norms.
  FeedForwardParameters feed_forward;
};

struct DenseLayer {
  NormWeights attention_norm;     ///< [width]
  Linear q;                       ///< [heads * head_size, width]
  Linear k;                       ///< [kv_heads * head_size, width]
  Linear v;                       ///< [kv_heads * head_size, width]
  std::vector<float> q_norm;      ///< [head_size], or empty
  std::vector<float> k_norm;      ///< [head_size], or empty
  Linear o;                       ///< [width, heads * head_size]
  NormWeights feed_forward_norm;  ///< [width]
  FeedForwardWeights feed_forward;
};

struct DenseWeights {
  WeightView token_embedding;  ///< [vocabulary, width]
  std::vector<DenseLayer> layers;
  NormWeights output_norm;          ///< [width]
  Linear output;                    ///< [vocabulary, width]; the token embedding itself where the file has none.
  std::vector<float> rope_factors;  ///< [rope_dimensions / 2], or empty
  std::uint64_t bytes = 0;          ///< Of all tensors above.
};

Result<DenseParameters> read_dense_parameters(const Checkpoint& file, const DenseArchitecture& architecture);
/// The views point into `file`, which must outlive them.
Result<DenseWeights> read_dense_weights(const Checkpoint& file, const DenseArchitecture& architecture,
                                        const DenseParameters& parameters);
Result<std::unique_ptr<const Decoder>> load_dense(const Checkpoint& file, const DenseArchitecture& architecture);

}  // namespace hadal
