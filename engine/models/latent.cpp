#include "models/latent.h"

#include <algorithm>
#include <array>

#include "models/scratch.h"
#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/matmul/matmul.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/rope/rope.h"

namespace hadal {
namespace {

/// Where each activation lies in the scratch.
struct Activations {
  float* residual = nullptr;    ///< [tokens, width]
  float* normed = nullptr;      ///< [tokens, width]; also the output of a half before it is added
  float* query_low = nullptr;   ///< [tokens, query_rank]
  float* query = nullptr;       ///< [tokens, heads, key()]
  float* latents = nullptr;     ///< [tokens, row()]
  float* attended = nullptr;    ///< [tokens, heads, value]
  float* inner = nullptr;       ///< For feed_forward().
  float* rope_table = nullptr;  ///< [tokens, 2, rope]
  float* joined = nullptr;      ///< [tokens, 2, width], for draft layers
  float* last = nullptr;        ///< [logit_rows, width]

  /// Lays the arrays out from `base` (null to count only) and returns the floats they take.
  std::int64_t place(const LatentParameters& p, std::int64_t tokens, std::int64_t logit_rows, float* base) {
    Scratch scratch(base);
    residual = scratch.take(tokens * p.width);
    normed = scratch.take(tokens * p.width);
    query_low = scratch.take(tokens * p.query_rank);
    query = scratch.take(tokens * p.heads * p.key());
    latents = scratch.take(tokens * p.row());
    attended = scratch.take(tokens * p.heads * p.value);
    inner = scratch.take(feed_forward_scratch(p.feed_forward, tokens));
    rope_table = scratch.take(tokens * 2 * p.rope);
    joined = scratch.take(p.draft_layers > 0 ? tokens * 2 * p.width : 0);
    last = scratch.take(logit_rows * p.width);
    return scratch.used();
  }
};

class Latent final : public Decoder {
 public:
  Latent(LatentParameters parameters, LatentModelWeights weights)
      : p_(parameters),
        w_(std::move(weights)),
        rope_frequencies_(rope_frequencies(static_cast<double>(p_.rope_base), p_.rope, p_.rope_scaling, {})) {}

  KvShape kv_shape() const override { return {static_cast<int>(p_.layers + p_.draft_layers), shape().stored(), 0}; }
  std::int64_t width() const override { return p_.width; }
  std::int32_t vocabulary_size() const override { return static_cast<std::int32_t>(p_.vocabulary); }
  std::int32_t context_length() const override { return static_cast<std::int32_t>(p_.context_length); }
  std::uint64_t weight_bytes() const override { return w_.bytes; }
  ExpertShape expert_shape() const override {
    return hadal::expert_shape(p_.feed_forward, p_.layers + p_.draft_layers);
  }
  std::uint64_t multiplications() const override {
    const std::int64_t query =
        p_.query_rank > 0 ? p_.query_rank * (p_.width + p_.heads * p_.key()) : p_.width * p_.heads * p_.key();
    const std::int64_t up = p_.heads * p_.rank * (p_.nope + p_.value);
    const std::int64_t attention = query + p_.width * p_.row() + up + p_.width * p_.heads * p_.value;
    return static_cast<std::uint64_t>(p_.layers * attention) + feed_forward_multiplications(p_.feed_forward, p_.layers);
  }
  ModelMatrices matrices() const override {
    ModelMatrices all{{w_.output.weight}, {}, {}};
    const auto add = [&](const LatentLayer& layer) {
      for (const Linear* linear : {&layer.query_down, &layer.query, &layer.down, &layer.o}) {
        if (linear->weight.data) all.always.push_back(linear->weight);
      }
      all.both_ways.push_back(layer.up.value.all);
      if (layer.up.key.all.data != layer.up.value.all.data) all.both_ways.push_back(layer.up.key.all);
      add_matrices(layer.feed_forward, all);
    };
    for (const LatentLayer& layer : w_.layers) add(layer);
    for (const LatentDraftLayer& draft : w_.drafts) {
      add(draft.layer);
      all.always.insert(all.always.end(), {draft.join.weight, draft.output.weight});
    }
    return all;
  }
  std::int64_t scratch_floats(std::int64_t tokens, std::int64_t logit_rows) const override {
    return Activations().place(p_, tokens, logit_rows, nullptr);
  }

  bool forward(const ops::Context& context, const Batch& batch, std::span<const ops::KvLayerView> cache, float* scratch,
               float* logits) const override {
    const Activations x = prepared(context, batch, scratch);
    ops::embedding(context, w_.token_embedding, batch.ids.data(), count(batch), x.residual);
    for (std::size_t i = 0; i < w_.layers.size(); ++i) {
      if (batch.interrupted()) return false;
      run_layer(context, w_.layers[i], i, batch, cache[i], x);
    }
    write_out(context, batch, w_.output_norm, w_.output, x, logits);
    return true;
  }

  int draft_layers() const override { return static_cast<int>(p_.draft_layers); }

  void draft(int layer, const ops::Context& context, const Batch& batch, const float* hidden,
             std::span<const ops::KvLayerView> cache, float* scratch, float* logits) const override {
    const Activations x = prepared(context, batch, scratch);
    const auto index = static_cast<std::size_t>(layer);
    const LatentDraftLayer& draft = w_.drafts[index];
    join(context, draft, batch, hidden, x);
    run_layer(context, draft.layer, w_.layers.size() + index, batch, cache[w_.layers.size() + index], x);
    write_out(context, batch, draft.output_norm, draft.output, x, logits);
  }

 private:
  static std::int64_t count(const Batch& batch) { return static_cast<std::int64_t>(batch.ids.size()); }

  ops::Rope rope() const {
    return {rope_frequencies_.data(), p_.rope, ops::RopePairs::adjacent,
            static_cast<float>(rope_magnitude(p_.rope_scaling))};
  }

  ops::LatentShape shape() const {
    return {static_cast<int>(p_.heads), static_cast<int>(p_.rank),  static_cast<int>(p_.rope),
            static_cast<int>(p_.nope),  static_cast<int>(p_.value), p_.attention_scale};
  }

  Activations prepared(const ops::Context& context, const Batch& batch, float* scratch) const {
    Activations x;
    x.place(p_, count(batch), static_cast<std::int64_t>(batch.logit_rows.size()), scratch);
    ops::rope_table(context, rope(), batch.positions.data(), count(batch), x.rope_table);
    return x;
  }

  void norm(const ops::Context& context, const std::vector<float>& weight, const float* x, std::int64_t tokens,
            float* y) const {
    ops::rms_norm(context, x, weight.data(), p_.epsilon, tokens, static_cast<std::int64_t>(weight.size()), y);
  }

  void run_layer(const ops::Context& context, const LatentLayer& layer, std::size_t index, const Batch& batch,
                 const ops::KvLayerView& cache, const Activations& x) const {
    attention_half(context, layer, batch, cache, x);
    norm(context, layer.feed_forward_norm, x.residual, count(batch), x.normed);
    feed_forward(context, p_.feed_forward, layer.feed_forward, batch, static_cast<std::int64_t>(index), x.normed,
                 x.inner, x.normed);
    ops::add(context, x.normed, count(batch) * p_.width, x.residual);
  }

  void attention_half(const ops::Context& context, const LatentLayer& layer, const Batch& batch,
                      const ops::KvLayerView& cache, const Activations& x) const {
    const std::int64_t tokens = count(batch);
    norm(context, layer.attention_norm, x.residual, tokens, x.normed);
    project(context, layer, tokens, x);
    // What turns lies behind the rest: of each head's query, and of the latent's row.
    ops::rope(context, rope(), x.rope_table, tokens, p_.heads, p_.key(), x.query + p_.nope);
    ops::rope(context, rope(), x.rope_table, tokens, 1, p_.row(), x.latents + p_.rank);
    if (context.observer) observe(context, layer.up, tokens, x);
    ops::store_latents(context, shape(), cache, batch.rows.data(), tokens, x.latents);
    ops::latent_attention(context, shape(), layer.up, cache, batch.rows.data(), tokens, x.query, x.attended);
    ops::matmul(context, std::array{layer.o.into(x.normed)}, x.attended, tokens);
    ops::add(context, x.normed, tokens * p_.width, x.residual);
  }

  /// Queries and normed latents of x.normed, not yet turned.
  void project(const ops::Context& context, const LatentLayer& layer, std::int64_t tokens, const Activations& x) const {
    if (p_.query_rank > 0) {
      ops::matmul(context, std::array{layer.query_down.into(x.query_low), layer.down.into(x.latents)}, x.normed,
                  tokens);
      norm(context, layer.query_norm, x.query_low, tokens, x.query_low);
      ops::matmul(context, std::array{layer.query.into(x.query)}, x.query_low, tokens);
    } else {
      ops::matmul(context, std::array{layer.query.into(x.query), layer.down.into(x.latents)}, x.normed, tokens);
    }
    // Of a row only the latent is normed.
    for (std::int64_t t = 0; t < tokens; ++t) {
      float* row = x.latents + t * p_.row();
      norm(context, layer.latent_norm, row, 1, row);
    }
  }

  /// Tells what W_UK and W_UV are multiplied with: latents, or where W_UK is transposed, each head's part of the query.
  void observe(const ops::Context& context, const ops::LatentWeights& up, std::int64_t tokens,
               const Activations& x) const {
    std::vector<float> rows(static_cast<std::size_t>(tokens * std::max(p_.rank, p_.nope)));
    const auto gather = [&](const float* from, std::int64_t stride, std::int64_t columns) {
      for (std::int64_t t = 0; t < tokens; ++t) std::copy_n(from + t * stride, columns, rows.data() + t * columns);
    };
    const auto tell = [&](const ops::HeadMatrices& matrices, std::int64_t head) {
      WeightView view = matrices.all;
      view.data = view.row(matrices.first + head * matrices.step);
      view.rows = matrices.step;
      context.observer->multiplied(view, rows.data(), tokens);
    };
    gather(x.latents, p_.row(), p_.rank);
    if (!up.key.transposed) return context.observer->multiplied(up.key.all, rows.data(), tokens);
    for (std::int64_t head = 0; head < p_.heads; ++head) tell(up.value, head);
    for (std::int64_t head = 0; head < p_.heads; ++head) {
      gather(x.query + head * p_.key(), p_.heads * p_.key(), p_.nope);
      tell(up.key, head);
    }
  }

  /// residual = join [norm(embedding of the next token); norm(hidden)]
  void join(const ops::Context& context, const LatentDraftLayer& draft, const Batch& batch, const float* hidden,
            const Activations& x) const {
    const std::int64_t tokens = count(batch);
    const auto put = [&](std::int64_t offset) {
      for (std::int64_t t = 0; t < tokens; ++t)
        std::copy_n(x.normed + t * p_.width, p_.width, x.joined + t * 2 * p_.width + offset);
    };
    ops::embedding(context, draft.token_embedding, batch.ids.data(), tokens, x.normed);
    norm(context, draft.embedding_norm, x.normed, tokens, x.normed);
    put(0);
    norm(context, draft.hidden_norm, hidden, tokens, x.normed);
    put(p_.width);
    ops::matmul(context, std::array{draft.join.into(x.residual)}, x.joined, tokens);
  }

  void write_out(const ops::Context& context, const Batch& batch, const std::vector<float>& output_norm,
                 const Linear& output, const Activations& x, float* logits) const {
    if (batch.hidden) std::copy_n(x.residual, count(batch) * p_.width, batch.hidden);
    const auto rows = static_cast<std::int64_t>(batch.logit_rows.size());
    if (rows == 0) return;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(x.residual + batch.logit_rows[static_cast<std::size_t>(i)] * p_.width, p_.width,
                  x.last + i * p_.width);
    }
    norm(context, output_norm, x.last, rows, x.last);
    ops::matmul(context, std::array{output.into(logits)}, x.last, rows);
  }

  LatentParameters p_;
  LatentModelWeights w_;
  std::vector<double> rope_frequencies_;  ///< [rope / 2]
};

}  // namespace

Result<std::unique_ptr<const Decoder>> load_latent(const Checkpoint& file) {
  const auto parameters = read_latent_parameters(file);
  if (!parameters) return parameters.error();
  auto weights = read_latent_weights(file, *parameters);
  if (!weights) return weights.error();
  return std::unique_ptr<const Decoder>(std::make_unique<Latent>(*parameters, std::move(*weights)));
}

}  // namespace hadal
