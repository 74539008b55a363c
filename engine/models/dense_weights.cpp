#include <cmath>

#include "base/text.h"
#include "models/dense.h"
#include "models/layer_reader.h"

namespace hadal {
namespace {

DenseLayer read_layer(LayerReader& read, const DenseArchitecture& a, const DenseParameters& p, std::int64_t index) {
  const std::int64_t q_width = p.heads * p.head_size, kv_width = p.kv_heads * p.head_size;
  DenseLayer layer;
  read.norm("attn_norm", a.norm, p.width, layer.attention_norm);
  read.linear("attn_q", q_width, p.width, layer.q, a.biased_qkv);
  read.linear("attn_k", kv_width, p.width, layer.k, a.biased_qkv);
  read.linear("attn_v", kv_width, p.width, layer.v, a.biased_qkv);
  if (a.normed_qk) {
    read.vector("attn_q_norm.weight", p.head_size, layer.q_norm);
    read.vector("attn_k_norm.weight", p.head_size, layer.k_norm);
  }
  read.linear("attn_output", p.width, q_width, layer.o);
  read.norm("ffn_norm", a.norm, p.width, layer.feed_forward_norm);
  layer.feed_forward = read_feed_forward(read, p.feed_forward, index);
  return layer;
}

Result<void> check_rope_factors(const Checkpoint& file, const std::vector<float>& factors) {
  for (const float factor : factors) {
    if (!std::isfinite(factor) || factor <= 0.0F) {
      return file.error(ErrorCode::invalid_file, "tensor rope_freqs.weight holds a factor that is not above 0.");
    }
  }
  return {};
}

}  // namespace

Result<DenseWeights> read_dense_weights(const Checkpoint& file, const DenseArchitecture& a, const DenseParameters& p) {
  TensorReader tensors(file);
  DenseWeights weights;
  auto embedding = tensors.matrix("token_embd.weight", p.vocabulary, p.width);
  if (!embedding) return embedding.error();
  weights.token_embedding = weights.output.weight = *embedding;
  for (std::int64_t i = 0; i < p.layers; ++i) {
    LayerReader read(file, tensors, concat("blk.", std::to_string(i), "."));
    weights.layers.push_back(read_layer(read, a, p, i));
    if (!read.result()) return read.result().error();
  }
  LayerReader read(file, tensors, "");
  read.norm("output_norm", a.norm, p.width, weights.output_norm);
  if (file.find_tensor("output.weight")) read.linear("output", p.vocabulary, p.width, weights.output);
  if (file.find_tensor("rope_freqs.weight")) {
    read.vector("rope_freqs.weight", p.rope_dimensions / 2, weights.rope_factors);
    if (auto checked = check_rope_factors(file, weights.rope_factors); !checked) return checked.error();
  }
  if (!read.result()) return read.result().error();
  if (auto all = tensors.all_taken(a.name, p.layers); !all) return all.error();
  if (auto agree = router_biases_agree(file, p.feed_forward, p.layers); !agree) return agree.error();
  weights.bytes = tensors.bytes();
  return weights;
}

}  // namespace hadal
