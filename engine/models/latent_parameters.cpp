#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "models/key_reader.h"
#include "models/latent.h"
#include "models/rope_keys.h"

namespace hadal {
namespace {

/// Sizes of a head. Files of before May 2025 say key_length 192 and value_length 128 as if for plain heads; later ones
/// say what the cache holds, one head of 576 and 512, and the heads' own sizes under keys that end in _mla.
void read_heads(KeyReader& keys, LatentParameters& p) {
  p.heads = keys.count("attention.head_count");
  p.rank = keys.count("attention.kv_lora_rank");
  p.query_rank = keys.count_or_zero("attention.q_lora_rank");
  p.rope = keys.count("rope.dimension_count");
  const std::int64_t kv_heads = keys.count_or("attention.head_count_kv", p.heads);
  std::int64_t key = 0;
  if (keys.has("attention.key_length_mla") || keys.has("attention.value_length_mla")) {
    key = keys.count("attention.key_length_mla");
    p.value = keys.count("attention.value_length_mla");
    keys.require(keys.count_or("attention.key_length", p.row()) == p.row(),
                 "@.attention.key_length must be @.attention.kv_lora_rank and @.rope.dimension_count together.");
    keys.require(keys.count_or("attention.value_length", p.rank) == p.rank,
                 "@.attention.value_length must equal @.attention.kv_lora_rank.");
    keys.require(kv_heads == 1 || kv_heads == p.heads,
                 "@.attention.head_count_kv must be 1 or @.attention.head_count.");
  } else {
    key = keys.count("attention.key_length");
    p.value = keys.count("attention.value_length");
    keys.require(kv_heads == p.heads,
                 "@.attention.head_count_kv must equal @.attention.head_count where there is no "
                 "@.attention.key_length_mla.");
  }
  p.nope = key - p.rope;
  keys.require(p.rope % 2 == 0, "@.rope.dimension_count must be even.");
  keys.require(p.nope > 0, "@.rope.dimension_count must be less than a head's key length.");
  keys.require(p.row() <= ops::kMostLatentRow && key <= ops::kMostLatentRow && p.value <= ops::kMostLatentRow,
               "@.attention.kv_lora_rank and @.rope.dimension_count together, and a head's key and value, may have at "
               "most 1024 elements.");
}

/// With YaRN the scores of DeepSeek's models are multiplied with m^2, m = 0.1 mscale_all_dim ln(factor) + 1, at every
/// length, and the cosines and sines stay as they are. yarn_log_multiplier holds 0.1 mscale_all_dim.
void read_rope(KeyReader& keys, LatentParameters& p) {
  p.rope_base = keys.number_or("rope.freq_base", 10000.0F);
  p.rope_scaling = read_rope_scaling(keys, p.rope_base, p.context_length);
  p.attention_scale = 1.0F / std::sqrt(static_cast<float>(p.key()));
  const float multiplier = keys.number_or_zero("rope.scaling.yarn_log_multiplier");
  if (p.rope_scaling.kind != RopeScalingKind::yarn || multiplier == 0.0F) return;
  const double m = 1.0 + static_cast<double>(multiplier) * std::log(static_cast<double>(p.rope_scaling.factor));
  if (p.rope_scaling.factor > 1.0F) {
    p.attention_scale = static_cast<float>(m * m / std::sqrt(static_cast<double>(p.key())));
  }
  p.rope_scaling.temperature = false;
}

/// The key counts them among the layers, as GGUF's converters do, or behind them; the tensors tell. Files that leave
/// them out may keep the key.
void read_draft_layers(const Checkpoint& file, KeyReader& keys, LatentParameters& p) {
  p.draft_layers = keys.count_or_zero("nextn_predict_layers");
  const auto joins = std::ranges::count_if(
      file.tensors(), [](const CheckpointTensor& tensor) { return tensor.name.ends_with(".nextn.eh_proj.weight"); });
  const auto drafts_at = [&](std::int64_t layer) {
    return file.find_tensor(concat("blk.", layer, ".nextn.eh_proj.weight")) != nullptr;
  };
  if (p.draft_layers > 0 && p.draft_layers < p.layers && drafts_at(p.layers - p.draft_layers)) {
    p.layers -= p.draft_layers;
  } else if (joins == 0) {
    keys.require(p.draft_layers < p.layers, "@.nextn_predict_layers must be less than @.block_count.");
    p.draft_layers = 0;
  }
  // A draft layer that is taken for one of the others would make nonsense of every answer.
  keys.require(joins == p.draft_layers && (joins == 0 || drafts_at(p.layers)),
               "the layers that have a tensor nextn.eh_proj.weight are not the last ones, as many as "
               "@.nextn_predict_layers says.");
}

Result<std::int64_t> read_vocabulary(const Checkpoint& file, KeyReader& keys) {
  const auto embedding = file.tensor("token_embd.weight");
  if (!embedding) return embedding.error();
  const std::int64_t rows = (*embedding)->rows(), vocabulary = keys.count_or("vocab_size", rows);
  keys.require(vocabulary == rows && rows <= kMostOfAnything,
               concat("@.vocab_size is ", vocabulary, " but token_embd.weight has ", rows, " rows."));
  return rows;
}

}  // namespace

Result<LatentParameters> read_latent_parameters(const Checkpoint& file) {
  KeyReader keys(file, kLatentArchitecture);
  LatentParameters p;
  p.layers = keys.count("block_count");
  p.width = keys.count("embedding_length");
  p.context_length = keys.count("context_length");
  p.epsilon = keys.number_or("attention.layer_norm_rms_epsilon", 1e-6F);
  if (keys.has("attention.temperature_scale")) {
    keys.unsupported("@.attention.temperature_scale is set; this version knows no scores that depend on the position.");
  }
  read_heads(keys, p);
  read_rope(keys, p);
  read_draft_layers(file, keys, p);
  p.feed_forward = read_feed_forward_parameters(keys, {.experts = true}, p.layers + p.draft_layers, p.width);
  if (!keys.result()) return keys.result().error();
  const auto vocabulary = read_vocabulary(file, keys);
  if (!vocabulary) return vocabulary.error();
  p.vocabulary = *vocabulary;
  if (!keys.result()) return keys.result().error();
  return p;
}

}  // namespace hadal
