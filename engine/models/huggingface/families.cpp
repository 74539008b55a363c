#include "models/huggingface/families.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hadal::huggingface {
namespace {

std::uint32_t head_size(ConfigReader& config) {
  const std::uint32_t heads = config.count("num_attention_heads"), width = config.count("hidden_size");
  if (!config.has("head_dim")) {
    config.require(width % heads == 0,
                   "hidden_size is no multiple of num_attention_heads, and there is no head_dim to say more.");
  }
  return config.count_or("head_dim", std::max<std::uint32_t>(1, width / heads));
}

void write_head_size(ConfigReader& config, std::uint32_t size, KeyWriter& keys) {
  if (config.has("partial_rotary_factor") && config.number_or("partial_rotary_factor", 1.0) != 1.0) {
    config.unsupported("partial_rotary_factor is not 1; this version turns whole heads only.");
  }
  keys.u32("attention.key_length", size);
  keys.u32("attention.value_length", size);
  keys.u32("rope.dimension_count", size);
  write_rope(config, size, keys);
}

void write_window(ConfigReader& config, std::uint32_t fallback, KeyWriter& keys) {
  if (const std::uint32_t window = config.count_or_zero("sliding_window", fallback); window > 0) {
    keys.u32("attention.sliding_window", window);
  }
}

void write_llama(ConfigReader& config, KeyWriter& keys) {
  write_head_size(config, head_size(config), keys);
}

void write_mistral(ConfigReader& config, KeyWriter& keys) {
  write_head_size(config, head_size(config), keys);
  // Where the key is missing transformers takes 4096; null says that there is none.
  write_window(config, config.mentions("sliding_window") ? 0 : 4096, keys);
}

void write_starcoder2(ConfigReader& config, KeyWriter& keys) {
  write_head_size(config, head_size(config), keys);
  write_window(config, 0, keys);
  if (!config.boolean_or("use_bias", true)) {
    config.unsupported("use_bias is false; this version knows this model with biases only.");
  }
}

/// Qwen's windows begin at a layer; the engine has one for all or none.
void write_qwen(ConfigReader& config, KeyWriter& keys) {
  const bool qwen3 = config.text_or("model_type", "").starts_with("qwen3");
  const bool sized = !qwen3 || config.has("head_dim") || config.text_or("model_type", "") == "qwen3_moe";
  write_head_size(config, sized ? head_size(config) : 128, keys);
  if (!config.boolean_or("use_sliding_window", false)) return;
  const std::uint32_t first = config.count_or_zero("max_window_layers", 28), layers = config.count("num_hidden_layers");
  if (first == 0) {
    write_window(config, 4096, keys);
  } else if (first < layers) {
    config.unsupported(
        "max_window_layers gives some layers a sliding window and others none, which this version "
        "cannot run.");
  }
}

/// What mixtures of experts of all kinds have.
void write_experts(ConfigReader& config, std::uint32_t experts, KeyWriter& keys) {
  keys.u32("expert_count", experts);
  keys.u32("expert_used_count", config.count("num_experts_per_tok"));
  keys.u32("expert_feed_forward_length", config.count("moe_intermediate_size"));
  keys.boolean("expert_weights_norm", config.boolean_or("norm_topk_prob", false));
}

void write_qwen_moe(ConfigReader& config, KeyWriter& keys) {
  write_qwen(config, keys);
  if (config.text_or("model_type", "") == "qwen2_moe" && !config.boolean_or("qkv_bias", true)) {
    config.unsupported("qkv_bias is false; this version knows this model with biases only.");
  }
  const auto* dense = config.find("mlp_only_layers");
  if (config.count_or("decoder_sparse_step", 1) != 1 || (dense != nullptr && !dense->empty())) {
    config.unsupported(
        "decoder_sparse_step or mlp_only_layers makes some layers dense, which this version cannot run.");
  }
  write_experts(config, config.count(config.has("num_local_experts") ? "num_local_experts" : "num_experts"), keys);
  if (config.has("shared_expert_intermediate_size")) {
    keys.u32("expert_shared_feed_forward_length", config.count("shared_expert_intermediate_size"));
  }
}

void write_deepseek_experts(ConfigReader& config, std::uint32_t dense_layers, KeyWriter& keys) {
  write_experts(config, config.count("n_routed_experts"), keys);
  keys.u32("expert_shared_count", config.count_or_zero("n_shared_experts"));
  keys.f32("expert_weights_scale", config.number_or("routed_scaling_factor", 1.0));
  keys.u32("leading_dense_block_count", config.count_or_zero("first_k_dense_replace", dense_layers));
  if (config.count_or("moe_layer_freq", 1) != 1) {
    config.unsupported(
        "moe_layer_freq is not 1; this version knows experts in every layer past the leading ones only.");
  }
}

void write_deepseek(ConfigReader& config, KeyWriter& keys) {
  write_head_size(config, head_size(config), keys);
  write_deepseek_experts(config, 0, keys);
  if (const std::string scores = config.text_or("scoring_func", "softmax"); scores != "softmax") {
    config.unsupported(concat("scoring_func \"", printable(scores), "\" is not known for this model; softmax is."));
  }
}

/// Configurations of DeepSeek-V2 whose use_mla is false: the language models of VL2-Tiny and of DeepSeek-OCR. They have
/// the attention of Llama (mha_eager: LlamaAttention in the model's modeling_deepseekv2.py), which turns halves of
/// heads.
void write_deepseek_without_latents(ConfigReader& config, KeyWriter& keys) {
  write_deepseek(config, keys);
  write_window(config, 0, keys);
  if (const std::string method = config.text_or("topk_method", "greedy"); method != "greedy" && method != "gready") {
    config.unsupported(concat("topk_method \"", printable(method), "\" is not known without use_mla; greedy is."));
  }
}

void write_latent_attention(ConfigReader& config, KeyWriter& keys) {
  const std::uint32_t turned = config.count("qk_rope_head_dim");
  keys.u32("attention.kv_lora_rank", config.count("kv_lora_rank"));
  if (config.has("q_lora_rank")) keys.u32("attention.q_lora_rank", config.count("q_lora_rank"));
  keys.u32("attention.key_length", config.count("qk_nope_head_dim") + turned);
  keys.u32("attention.value_length", config.count("v_head_dim"));
  keys.u32("rope.dimension_count", turned);
  write_rope(config, turned, keys);
  if (!config.boolean_or("rope_interleave", true)) {
    config.unsupported("rope_interleave is false; this version turns adjacent pairs only.");
  }
}

/// `choice`: topk_method and `scores`: scoring_func, where config.json does not say.
void write_deepseek2(ConfigReader& config, std::string_view choice, std::string_view scores, std::uint32_t dense_layers,
                     KeyWriter& keys) {
  write_latent_attention(config, keys);
  write_deepseek_experts(config, dense_layers, keys);
  const std::string method = config.text_or("topk_method", choice), scored = config.text_or("scoring_func", scores);
  if (scored != "softmax" && scored != "sigmoid") {
    config.unsupported(concat("scoring_func \"", printable(scored), "\" is not known; softmax and sigmoid are."));
  }
  keys.u32("expert_gating_func", scored == "sigmoid" ? 2 : 1);
  // The first configurations of V2 spell it "gready".
  const bool greedy = method == "greedy" || method == "gready";
  if (!greedy && method != "group_limited_greedy" && method != "noaux_tc") {
    config.unsupported(
        concat("topk_method \"", printable(method), "\" is not known; greedy, group_limited_greedy and noaux_tc are."));
  }
  config.require((method == "noaux_tc") == (scored == "sigmoid"),
                 "topk_method and scoring_func do not go together in any published model.");
  if (greedy) return;
  keys.u32("expert_group_count", config.count("n_group"));
  keys.u32("expert_group_used_count", config.count("topk_group"));
}

void write_deepseek_v2(ConfigReader& config, KeyWriter& keys) {
  write_deepseek2(config, "greedy", "softmax", 0, keys);
}

void write_deepseek_v3(ConfigReader& config, KeyWriter& keys) {
  write_deepseek2(config, "noaux_tc", "sigmoid", 3, keys);
}

constexpr Family kFamilies[] = {
    {.model_type = "llama", .architecture = "llama", .reordered = true, .write = write_llama},
    {.model_type = "mistral", .architecture = "llama", .reordered = true, .write = write_mistral},
    {.model_type = "qwen2", .architecture = "qwen2", .biased_qkv = true, .write = write_qwen},
    {.model_type = "qwen3", .architecture = "qwen3", .write = write_qwen},
    {.model_type = "starcoder2",
     .architecture = "starcoder2",
     .activation = "gelu_pytorch_tanh",
     .tied = true,
     .write = write_starcoder2},
    {.model_type = "qwen2_moe", .architecture = "qwen2moe", .biased_qkv = true, .write = write_qwen_moe},
    {.model_type = "qwen3_moe", .architecture = "qwen3moe", .write = write_qwen_moe},
    {.model_type = "deepseek", .architecture = "deepseek", .reordered = true, .write = write_deepseek},
    {.model_type = "deepseek_v2", .architecture = "deepseek2", .write = write_deepseek_v2},
    {.model_type = "deepseek_v3", .architecture = "deepseek2", .write = write_deepseek_v3},
};

constexpr Family kWithoutLatents = {.model_type = "deepseek_v2",
                                    .architecture = "deepseek",
                                    .reordered = true,
                                    .write = write_deepseek_without_latents};

/// GGUF files of this architecture keep q and k as they were trained: llama.cpp converts them without a permutation,
/// and its graph turns them as GGML_ROPE_TYPE_NEOX (ocr_rope_type in its src/models/deepseek2.cpp), although its list
/// of architectures has deepseek2-ocr among those of adjacent pairs.
constexpr Family kReader = {
    .model_type = "deepseek_v2", .architecture = "deepseek2-ocr", .write = write_deepseek_without_latents};

/// DeepSeek-OCR and OCR-2 by the class that the whole model names.
bool reads_text(const ConfigReader& config) {
  const auto* classes = config.find("architectures");
  if (classes == nullptr || !classes->is_array() || classes->empty() || !classes->front().is_string()) return false;
  return classes->front().get_ref<const std::string&>().starts_with("DeepseekOCR");
}

}  // namespace

nlohmann::json language_model(const nlohmann::json& config) {
  const auto type = config.find("model_type"), own = config.find("language_config");
  if (type == config.end() || *type != "deepseek_vl_v2" || own == config.end() || !own->is_object()) return config;
  nlohmann::json merged = config;
  merged.erase("model_type");
  for (const auto& [key, value] : own->items()) {
    // The whole model's class tells DeepSeek-OCR from VL2.
    if (key != "architectures" || !merged.contains(key)) merged[key] = value;
  }
  // DeepSeek-OCR's leaves out what VL2's code takes for granted.
  if (!merged.contains("model_type")) merged["model_type"] = "deepseek_v2";
  return merged;
}

const Family* find_family(ConfigReader& config) {
  const std::string type = config.text_or("model_type", "");
  if (type.empty()) {
    config.require(false, "there is no model_type, which says what the model is.");
    return nullptr;
  }
  const auto found = std::ranges::find(kFamilies, type, &Family::model_type);
  if (type == "deepseek_v2" && !config.boolean_or("use_mla", true)) {
    return reads_text(config) ? &kReader : &kWithoutLatents;
  }
  if (found != std::end(kFamilies)) return found;
  std::string known;
  for (const Family& family : kFamilies) known += concat(known.empty() ? "" : ", ", family.model_type);
  config.unsupported(
      concat("model_type \"", printable(type), "\" is none that this version reads from a folder; ", known, " are."));
  return nullptr;
}

void write_keys(ConfigReader& config, const Family& family, bool drafts, KeyWriter& keys) {
  const std::uint32_t next = drafts ? config.count_or_zero("num_nextn_predict_layers") : 0;
  keys.u32("block_count", config.count("num_hidden_layers") + next);
  if (next > 0) keys.u32("nextn_predict_layers", next);
  keys.u32("embedding_length", config.count("hidden_size"));
  keys.u32("feed_forward_length", config.count("intermediate_size"));
  keys.u32("vocab_size", config.count("vocab_size"));
  const std::uint32_t heads = config.count("num_attention_heads");
  keys.u32("attention.head_count", heads);
  keys.u32("attention.head_count_kv", config.count_or("num_key_value_heads", heads));
  if (family.model_type == "starcoder2") {
    keys.f32("attention.layer_norm_epsilon", config.number_or("norm_epsilon", 1e-5));
  } else {
    keys.f32("attention.layer_norm_rms_epsilon", config.number_or("rms_norm_eps", 1e-6));
  }
  const std::string activation = config.text_or("hidden_act", family.activation);
  const bool same = activation == family.activation || (activation == "swish" && family.activation == "silu");
  if (!same) {
    config.unsupported(concat("hidden_act \"", printable(activation), "\" is not supported for ", family.model_type,
                              "; ", family.activation, " is."));
  }
  // Of q and k each head's first and second half turn together, where GGUF files of the architecture have neighbours.
  if (family.reordered) keys.text("rope.pairs", "halves");
  family.write(config, keys);
}

}  // namespace hadal::huggingface
