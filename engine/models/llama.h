#pragma once

#include <memory>
#include <vector>

#include "formats/gguf.h"
#include "models/decoder.h"
#include "tensor/view.h"

namespace hadal {

/// Of the architecture "llama": decoder-only, RMSNorm before each half, rotary positions, grouped-query attention,
/// SwiGLU (Touvron et al. 2023; grouped heads: Ainslie et al. 2023).
struct LlamaParameters {
  std::int64_t layers = 0;
  std::int64_t width = 0;  ///< Of the residual stream ("embedding length").
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;      ///< Divides heads.
  std::int64_t head_size = 0;     ///< Even.
  std::int64_t feed_forward = 0;  ///< Width inside SwiGLU.
  std::int64_t vocabulary = 0;
  std::int64_t context_length = 0;
  std::int64_t rope_dimensions = 0;  ///< Even, at most head_size.
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;  ///< 1 / factor of linear scaling.
  float epsilon = 1e-5F;    ///< Of RMSNorm.
};

struct LlamaLayer {
  std::vector<float> attention_norm;     ///< [width]
  WeightView q;                          ///< [heads * head_size, width]
  WeightView k;                          ///< [kv_heads * head_size, width]
  WeightView v;                          ///< [kv_heads * head_size, width]
  WeightView o;                          ///< [width, heads * head_size]
  std::vector<float> feed_forward_norm;  ///< [width]
  WeightView gate;                       ///< [feed_forward, width]
  WeightView up;                         ///< [feed_forward, width]
  WeightView down;                       ///< [width, feed_forward]
};

struct LlamaWeights {
  WeightView token_embedding;  ///< [vocabulary, width]
  std::vector<LlamaLayer> layers;
  std::vector<float> output_norm;   ///< [width]
  WeightView output;                ///< [vocabulary, width]; the token embedding itself where the file has none.
  std::vector<float> rope_factors;  ///< [rope_dimensions / 2], or empty
  std::uint64_t bytes = 0;          ///< Of all tensors above.
};

Result<LlamaParameters> read_llama_parameters(const GgufFile& file);
/// The views point into `file`, which must outlive them.
Result<LlamaWeights> read_llama_weights(const GgufFile& file, const LlamaParameters& parameters);
Result<std::unique_ptr<const Decoder>> load_llama(const GgufFile& file);

}  // namespace hadal
