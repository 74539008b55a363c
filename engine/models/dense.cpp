#include "models/dense.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/scratch.h"
#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/layer_norm/layer_norm.h"
#include "ops/matmul/matmul.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"

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
  float* inner = nullptr;       ///< For feed_forward().
  float* rope_table = nullptr;  ///< [tokens, 2, rope_dimensions]
  float* last = nullptr;        ///< [logit_rows, width]

  /// Lays the arrays out from `base` (null to count only) and returns the floats they take.
  std::int64_t place(const DenseParameters& p, std::int64_t tokens, std::int64_t logit_rows, float* base) {
    Scratch scratch(base);
    const auto take = [&](std::int64_t floats) { return scratch.take(floats); };
    residual = take(tokens * p.width);
    normed = take(tokens * p.width);
    q = take(tokens * p.heads * p.head_size);
    k = take(tokens * p.kv_heads * p.head_size);
    v = take(tokens * p.kv_heads * p.head_size);
    attended = take(tokens * p.heads * p.head_size);
    inner = take(feed_forward_scratch(p.feed_forward, tokens));
    rope_table = take(tokens * 2 * p.rope_dimensions);
    last = take(logit_rows * p.width);
    return scratch.used();
  }
};

class Dense final : public Decoder {
 public:
  Dense(const DenseArchitecture& architecture, DenseParameters parameters, DenseWeights weights)
      : a_(architecture),
        p_(parameters),
        w_(std::move(weights)),
        rope_frequencies_(rope_frequencies(static_cast<double>(p_.rope_base), p_.rope_dimensions, p_.rope_scaling,
                                           w_.rope_factors)) {}

  KvShape kv_shape() const override {
    const auto row = static_cast<int>(p_.kv_heads) * ops::stored_size(static_cast<int>(p_.head_size));
    return {static_cast<int>(p_.layers), row, row, static_cast<int>(p_.kv_heads)};
  }
  std::int64_t width() const override { return p_.width; }
  std::int32_t vocabulary_size() const override { return static_cast<std::int32_t>(p_.vocabulary); }
  std::int32_t context_length() const override { return static_cast<std::int32_t>(p_.context_length); }
  std::uint64_t weight_bytes() const override { return w_.bytes; }
  ExpertShape expert_shape() const override { return hadal::expert_shape(p_.feed_forward, p_.layers); }
  std::uint64_t multiplications() const override {
    const std::int64_t attention = 2 * p_.width * (p_.heads + p_.kv_heads) * p_.head_size;
    return static_cast<std::uint64_t>(p_.layers * attention) + feed_forward_multiplications(p_.feed_forward, p_.layers);
  }
  ModelMatrices matrices() const override {
    ModelMatrices all{{w_.output.weight}, {}, {}};
    for (const DenseLayer& layer : w_.layers) {
      all.always.insert(all.always.end(), {layer.q.weight, layer.k.weight, layer.v.weight, layer.o.weight});
      add_matrices(layer.feed_forward, all);
    }
    return all;
  }
  std::int64_t scratch_floats(std::int64_t tokens, std::int64_t logit_rows) const override {
    return Activations().place(p_, tokens, logit_rows, nullptr);
  }

  bool forward(const ops::Context& context, const Batch& batch, std::span<const ops::KvLayerView> cache, float* scratch,
               float* logits) const override {
    const auto tokens = static_cast<std::int64_t>(batch.ids.size());
    Activations x;
    x.place(p_, tokens, static_cast<std::int64_t>(batch.logit_rows.size()), scratch);
    ops::embedding(context, w_.token_embedding, batch.ids.data(), tokens, x.residual);
    ops::rope_table(context, rope(), batch.positions.data(), tokens, x.rope_table);
    for (std::size_t i = 0; i < w_.layers.size(); ++i) {
      if (batch.interrupted()) return false;
      attention_half(context, w_.layers[i], batch, cache[i], x);
      feed_forward_half(context, i, batch, x);
    }
    if (batch.hidden) std::copy_n(x.residual, tokens * p_.width, batch.hidden);
    write_logits(context, batch, x, logits);
    return true;
  }

 private:
  ops::Rope rope() const {
    return {rope_frequencies_.data(), p_.rope_dimensions, p_.pairs,
            static_cast<float>(rope_magnitude(p_.rope_scaling))};
  }

  void norm(const ops::Context& context, const NormWeights& weights, const float* x, std::int64_t tokens,
            float* y) const {
    if (a_.norm == NormKind::rms) {
      return ops::rms_norm(context, x, weights.weight.data(), p_.epsilon, tokens, p_.width, y);
    }
    ops::layer_norm(context, x, weights.weight.data(), weights.bias.data(), p_.epsilon, tokens, p_.width, y);
  }

  /// Norm, where the layer has one, and turn of the heads of q or k.
  void prepare_heads(const ops::Context& context, const std::vector<float>& weight, const Activations& x,
                     std::int64_t tokens, std::int64_t heads, float* rows) const {
    if (!weight.empty()) {
      ops::rms_norm(context, rows, weight.data(), p_.epsilon, tokens * heads, p_.head_size, rows);
    }
    ops::rope(context, rope(), x.rope_table, tokens, heads, p_.head_size, rows);
  }

  void attention_half(const ops::Context& context, const DenseLayer& layer, const Batch& batch,
                      const ops::KvLayerView& cache, const Activations& x) const {
    const auto tokens = static_cast<std::int64_t>(batch.ids.size());
    const ops::AttentionShape shape{static_cast<int>(p_.heads), static_cast<int>(p_.kv_heads),
                                    static_cast<int>(p_.head_size), 1.0F / std::sqrt(static_cast<float>(p_.head_size)),
                                    static_cast<std::int32_t>(p_.window)};
    norm(context, layer.attention_norm, x.residual, tokens, x.normed);
    ops::matmul(context, std::array{layer.q.into(x.q), layer.k.into(x.k), layer.v.into(x.v)}, x.normed, tokens);
    prepare_heads(context, layer.q_norm, x, tokens, p_.heads, x.q);
    prepare_heads(context, layer.k_norm, x, tokens, p_.kv_heads, x.k);
    ops::store_kv(context, shape, cache, batch.rows.data(), tokens, x.k, x.v);
    ops::attention(context, shape, cache, batch.rows.data(), tokens, x.q, x.attended);
    ops::matmul(context, std::array{layer.o.into(x.normed)}, x.attended, tokens);
    ops::add(context, x.normed, tokens * p_.width, x.residual);
  }

  void feed_forward_half(const ops::Context& context, std::size_t layer, const Batch& batch,
                         const Activations& x) const {
    const auto tokens = static_cast<std::int64_t>(batch.ids.size());
    norm(context, w_.layers[layer].feed_forward_norm, x.residual, tokens, x.normed);
    feed_forward(context, p_.feed_forward, w_.layers[layer].feed_forward, batch, static_cast<std::int64_t>(layer),
                 x.normed, x.inner, x.normed);
    ops::add(context, x.normed, tokens * p_.width, x.residual);
  }

  void write_logits(const ops::Context& context, const Batch& batch, const Activations& x, float* logits) const {
    const auto rows = static_cast<std::int64_t>(batch.logit_rows.size());
    if (rows == 0) return;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(x.residual + batch.logit_rows[static_cast<std::size_t>(i)] * p_.width, p_.width,
                  x.last + i * p_.width);
    }
    norm(context, w_.output_norm, x.last, rows, x.last);
    ops::matmul(context, std::array{w_.output.into(logits)}, x.last, rows);
  }

  const DenseArchitecture& a_;
  DenseParameters p_;
  DenseWeights w_;
  std::vector<double> rope_frequencies_;  ///< [rope_dimensions / 2]
};

}  // namespace

Result<std::unique_ptr<const Decoder>> load_dense(const Checkpoint& file, const DenseArchitecture& architecture) {
  const auto parameters = read_dense_parameters(file, architecture);
  if (!parameters) return parameters.error();
  auto weights = read_dense_weights(file, architecture, *parameters);
  if (!weights) return weights.error();
  return std::unique_ptr<const Decoder>(std::make_unique<Dense>(architecture, *parameters, std::move(*weights)));
}

}  // namespace hadal
