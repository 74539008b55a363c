#include "models/llama.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/matmul/matmul.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"
#include "ops/swiglu/swiglu.h"

namespace hadal {
namespace {

/// Where each activation lies in the scratch. Rows start on cache lines where the widths allow it.
struct Activations {
  float* residual = nullptr;    ///< [tokens, width]
  float* normed = nullptr;      ///< [tokens, width]; also the output of a half before it is added
  float* q = nullptr;           ///< [tokens, heads * head_size]
  float* k = nullptr;           ///< [tokens, kv_heads * head_size]
  float* v = nullptr;           ///< [tokens, kv_heads * head_size]
  float* attended = nullptr;    ///< [tokens, heads * head_size]
  float* gate = nullptr;        ///< [tokens, feed_forward]
  float* up = nullptr;          ///< [tokens, feed_forward]
  float* rope_table = nullptr;  ///< [tokens, 2, rope_dimensions]
  float* last = nullptr;        ///< [logit_rows, width]

  /// Lays the arrays out from `base` (null to count only) and returns the floats they take.
  std::int64_t place(const LlamaParameters& p, std::int64_t tokens, std::int64_t logit_rows, float* base) {
    std::int64_t used = 0;
    const auto take = [&](std::int64_t floats) {
      float* at = base ? base + used : nullptr;
      used += (floats + 15) / 16 * 16;
      return at;
    };
    residual = take(tokens * p.width);
    normed = take(tokens * p.width);
    q = take(tokens * p.heads * p.head_size);
    k = take(tokens * p.kv_heads * p.head_size);
    v = take(tokens * p.kv_heads * p.head_size);
    attended = take(tokens * p.heads * p.head_size);
    gate = take(tokens * p.feed_forward);
    up = take(tokens * p.feed_forward);
    rope_table = take(tokens * 2 * p.rope_dimensions);
    last = take(logit_rows * p.width);
    return used;
  }
};

class Llama final : public Decoder {
 public:
  Llama(LlamaParameters parameters, LlamaWeights weights) : p_(parameters), w_(std::move(weights)) {}

  KvShape kv_shape() const override {
    return {static_cast<int>(p_.layers), static_cast<int>(p_.kv_heads), static_cast<int>(p_.head_size)};
  }
  std::int32_t vocabulary_size() const override { return static_cast<std::int32_t>(p_.vocabulary); }
  std::int32_t context_length() const override { return static_cast<std::int32_t>(p_.context_length); }
  std::uint64_t weight_bytes() const override { return w_.bytes; }
  std::uint64_t multiplications() const override {
    const std::int64_t attention = 2 * p_.width * (p_.heads + p_.kv_heads) * p_.head_size;
    const std::int64_t feed_forward = 3 * p_.width * p_.feed_forward;
    return static_cast<std::uint64_t>(p_.layers * (attention + feed_forward));
  }
  std::int64_t scratch_floats(std::int64_t tokens, std::int64_t logit_rows) const override {
    return Activations().place(p_, tokens, logit_rows, nullptr);
  }

  void forward(const ops::Context& context, const Batch& batch, std::span<const ops::KvLayerView> cache, float* scratch,
               float* logits) const override {
    const auto tokens = static_cast<std::int64_t>(batch.ids.size());
    Activations a;
    a.place(p_, tokens, static_cast<std::int64_t>(batch.logit_rows.size()), scratch);
    ops::embedding(context, w_.token_embedding, batch.ids.data(), tokens, a.residual);
    ops::rope_table(context, rope_parameters(), batch.positions.data(), tokens, a.rope_table);
    for (std::size_t i = 0; i < w_.layers.size(); ++i) {
      attention_half(context, w_.layers[i], batch, cache[i], a);
      feed_forward_half(context, w_.layers[i], tokens, a);
    }
    write_logits(context, batch, a, logits);
  }

 private:
  ops::RopeParameters rope_parameters() const {
    return {p_.rope_base, static_cast<int>(p_.rope_dimensions), p_.rope_scale,
            w_.rope_factors.empty() ? nullptr : w_.rope_factors.data()};
  }

  void attention_half(const ops::Context& context, const LlamaLayer& layer, const Batch& batch,
                      const ops::KvLayerView& cache, const Activations& a) const {
    const auto tokens = static_cast<std::int64_t>(batch.ids.size());
    const ops::AttentionShape shape{static_cast<int>(p_.heads), static_cast<int>(p_.kv_heads),
                                    static_cast<int>(p_.head_size), 1.0F / std::sqrt(static_cast<float>(p_.head_size))};
    ops::rms_norm(context, a.residual, layer.attention_norm.data(), p_.epsilon, tokens, p_.width, a.normed);
    ops::matmul(context, std::array<ops::MatmulPart, 3>{{{layer.q, a.q}, {layer.k, a.k}, {layer.v, a.v}}}, a.normed,
                tokens);
    ops::rope(context, a.rope_table, p_.rope_dimensions, tokens, p_.heads, p_.head_size, a.q);
    ops::rope(context, a.rope_table, p_.rope_dimensions, tokens, p_.kv_heads, p_.head_size, a.k);
    ops::store_kv(context, shape, cache, batch.rows.data(), tokens, a.k, a.v);
    ops::attention(context, shape, cache, batch.rows.data(), tokens, a.q, a.attended);
    ops::matmul(context, layer.o, a.attended, tokens, a.normed);
    ops::add(context, a.normed, tokens * p_.width, a.residual);
  }

  void feed_forward_half(const ops::Context& context, const LlamaLayer& layer, std::int64_t tokens,
                         const Activations& a) const {
    ops::rms_norm(context, a.residual, layer.feed_forward_norm.data(), p_.epsilon, tokens, p_.width, a.normed);
    ops::matmul(context, std::array<ops::MatmulPart, 2>{{{layer.gate, a.gate}, {layer.up, a.up}}}, a.normed, tokens);
    ops::swiglu(context, a.gate, a.up, tokens * p_.feed_forward, a.gate);
    ops::matmul(context, layer.down, a.gate, tokens, a.normed);
    ops::add(context, a.normed, tokens * p_.width, a.residual);
  }

  void write_logits(const ops::Context& context, const Batch& batch, const Activations& a, float* logits) const {
    const auto rows = static_cast<std::int64_t>(batch.logit_rows.size());
    if (rows == 0) return;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(a.residual + batch.logit_rows[static_cast<std::size_t>(i)] * p_.width, p_.width,
                  a.last + i * p_.width);
    }
    ops::rms_norm(context, a.last, w_.output_norm.data(), p_.epsilon, rows, p_.width, a.last);
    ops::matmul(context, w_.output, a.last, rows, logits);
  }

  LlamaParameters p_;
  LlamaWeights w_;
};

}  // namespace

Result<std::unique_ptr<const Decoder>> load_llama(const GgufFile& file) {
  const auto parameters = read_llama_parameters(file);
  if (!parameters) return parameters.error();
  auto weights = read_llama_weights(file, *parameters);
  if (!weights) return weights.error();
  return std::unique_ptr<const Decoder>(std::make_unique<Llama>(*parameters, std::move(*weights)));
}

}  // namespace hadal
