#include "models/huggingface/own_names.h"

#include <map>

#include "models/huggingface/tensor_names.h"

namespace hadal::huggingface {
namespace {

struct Key {
  std::string_view gguf, own;
};

/// Of several for one key the first that config.json has.
constexpr Key keys[] = {
    {"block_count", "num_hidden_layers"},
    {"nextn_predict_layers", "num_nextn_predict_layers"},
    {"context_length", "max_position_embeddings"},
    {"embedding_length", "hidden_size"},
    {"feed_forward_length", "intermediate_size"},
    {"vocab_size", "vocab_size"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "qk_nope_head_dim"},
    {"attention.key_length", "head_dim"},
    {"attention.value_length", "v_head_dim"},
    {"attention.value_length", "head_dim"},
    {"attention.kv_lora_rank", "kv_lora_rank"},
    {"attention.q_lora_rank", "q_lora_rank"},
    {"attention.sliding_window", "sliding_window"},
    {"rope.dimension_count", "qk_rope_head_dim"},
    {"rope.dimension_count", "head_dim"},
    {"rope.freq_base", "rope_theta"},
    {"leading_dense_block_count", "first_k_dense_replace"},
    {"expert_count", "n_routed_experts"},
    {"expert_count", "num_local_experts"},
    {"expert_count", "num_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_shared_count", "n_shared_experts"},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_weights_norm", "norm_topk_prob"},
    {"expert_weights_scale", "routed_scaling_factor"},
    {"expert_gating_func", "scoring_func"},
    {"expert_group_count", "n_group"},
    {"expert_group_used_count", "topk_group"},
};

}  // namespace

std::function<std::string(std::string_view)> own_names(const ConfigReader& config, const Family& family) {
  std::map<std::string, std::string, std::less<>> known;
  for (const Key& key : keys) {
    if (config.has(key.own)) known.emplace(concat(family.architecture, ".", key.gguf), key.own);
  }
  const bool last = family.architecture == "starcoder2" || family.architecture == "qwen2moe";
  return [known = std::move(known), last](std::string_view name) {
    const auto found = known.find(name);
    return found != known.end() ? found->second : folder_name(name, last);
  };
}

}  // namespace hadal::huggingface
