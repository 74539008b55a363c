#include "base/text.h"
#include "models/latent.h"
#include "models/layer_reader.h"

namespace hadal {
namespace {

/// A head's matrices one after another, as one.
WeightView together(const std::vector<WeightView>& matrices) {
  if (matrices.empty()) return {};
  WeightView all = matrices.front();
  all.rows *= static_cast<std::int64_t>(matrices.size());
  return all;
}

/// Keys and values of every head from its latent, in any of three layouts: both in attn_kv_b, per head first [nope,
/// rank] and then [value, rank]; attn_k_b, per head [rank, nope], and attn_v_b, per head [value, rank]; or all three,
/// which say the same.
ops::LatentWeights read_up(LayerReader& read, const LatentParameters& p) {
  ops::LatentWeights up;
  const bool apart = read.has("attn_k_b.weight") || read.has("attn_v_b.weight");
  if (apart) {
    const auto key = read.matrices("attn_k_b.weight", p.heads, p.rank, p.nope);
    const auto value = read.matrices("attn_v_b.weight", p.heads, p.value, p.rank);
    up.key = {together(key), 0, p.rank, true};
    up.value = {together(value), 0, p.value, false};
  }
  // Of three tensors one is enough, and the others' pages are never touched.
  if (!apart || read.has("attn_kv_b.weight")) {
    WeightView both;
    read.matrix("attn_kv_b", p.heads * (p.nope + p.value), p.rank, both);
    up.key = {both, 0, p.nope + p.value, false};
    up.value = {both, p.nope, p.nope + p.value, false};
  }
  return up;
}

LatentLayer read_layer(LayerReader& read, const LatentParameters& p, std::int64_t index) {
  LatentLayer layer;
  read.vector("attn_norm.weight", p.width, layer.attention_norm);
  if (p.query_rank > 0) {
    read.linear("attn_q_a", p.query_rank, p.width, layer.query_down);
    read.vector("attn_q_a_norm.weight", p.query_rank, layer.query_norm);
    read.linear("attn_q_b", p.heads * p.key(), p.query_rank, layer.query);
  } else {
    read.linear("attn_q", p.heads * p.key(), p.width, layer.query);
  }
  read.linear("attn_kv_a_mqa", p.row(), p.width, layer.down);
  read.vector("attn_kv_a_norm.weight", p.rank, layer.latent_norm);
  layer.up = read_up(read, p);
  read.linear("attn_output", p.width, p.heads * p.value, layer.o);
  read.vector("ffn_norm.weight", p.width, layer.feed_forward_norm);
  layer.feed_forward = read_feed_forward(read, p.feed_forward, index);
  return layer;
}

LatentDraftLayer read_draft(LayerReader& read, const LatentParameters& p, const LatentModelWeights& model,
                            std::int64_t index) {
  LatentDraftLayer draft;
  draft.token_embedding = model.token_embedding;
  if (read.has("nextn.embed_tokens.weight")) {
    read.matrix("nextn.embed_tokens", p.vocabulary, p.width, draft.token_embedding);
  }
  read.vector("nextn.enorm.weight", p.width, draft.embedding_norm);
  read.vector("nextn.hnorm.weight", p.width, draft.hidden_norm);
  read.linear("nextn.eh_proj", p.width, 2 * p.width, draft.join);
  draft.layer = read_layer(read, p, index);
  draft.output_norm = model.output_norm;
  if (read.has("nextn.shared_head_norm.weight")) {
    read.vector("nextn.shared_head_norm.weight", p.width, draft.output_norm);
  }
  draft.output = model.output;
  if (read.has("nextn.shared_head_head.weight")) {
    read.linear("nextn.shared_head_head", p.vocabulary, p.width, draft.output);
  }
  return draft;
}

}  // namespace

Result<LatentModelWeights> read_latent_weights(const Checkpoint& file, const LatentParameters& p) {
  TensorReader tensors(file);
  LatentModelWeights weights;
  LayerReader whole(file, tensors, "");
  whole.matrix("token_embd", p.vocabulary, p.width, weights.token_embedding);
  whole.vector("output_norm.weight", p.width, weights.output_norm);
  weights.output.weight = weights.token_embedding;
  if (whole.has("output.weight")) whole.linear("output", p.vocabulary, p.width, weights.output);
  if (!whole.result()) return whole.result().error();
  for (std::int64_t i = 0; i < p.layers + p.draft_layers; ++i) {
    LayerReader read(file, tensors, concat("blk.", i, "."));
    if (i < p.layers) {
      weights.layers.push_back(read_layer(read, p, i));
    } else {
      weights.drafts.push_back(read_draft(read, p, weights, i));
    }
    if (!read.result()) return read.result().error();
  }
  const std::int64_t layers = p.layers + p.draft_layers;
  if (auto all = tensors.all_taken(kLatentArchitecture, layers); !all) return all.error();
  if (auto agree = router_biases_agree(file, p.feed_forward, layers); !agree) return agree.error();
  weights.bytes = tensors.bytes();
  return weights;
}

}  // namespace hadal
