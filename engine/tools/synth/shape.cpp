#include "tools/synth/shape.h"

#include <algorithm>

#include "base/text.h"

namespace hadal::tools {
namespace {

/// DeepSeek-V2-Lite and DeepSeek-Coder-V2-Lite, which differ in their tokens alone.
constexpr Shape lite(std::string_view name, std::string_view title, TokenFamily tokens) {
  return {.name = name,
          .title = title,
          .architecture = "deepseek2",
          .tokens = tokens,
          .layers = 27,
          .width = 2048,
          .heads = 16,
          .feed_forward = 10944,
          .vocabulary = 102400,
          .context = 163840,
          .yarn_log_multiplier = 0.0707F,
          .latent = {.rank = 512, .plain = 128, .turning = 64, .value = 128},
          .experts = {.count = 64, .used = 6, .shared = 2, .width = 1408, .dense_layers = 1}};
}

// From each model's config.json.
constexpr Shape kShapes[] = {
    lite("deepseek-v2-lite", "DeepSeek-V2-Lite", TokenFamily::deepseek_v2),
    lite("deepseek-coder-v2-lite", "DeepSeek-Coder-V2-Lite", TokenFamily::deepseek_coder_v2),
    {.name = "deepseek-v3",
     .title = "DeepSeek-V3",
     .architecture = "deepseek2",
     .tokens = TokenFamily::deepseek_v3,
     .layers = 61,
     .draft_layers = 1,
     .width = 7168,
     .heads = 128,
     .feed_forward = 18432,
     .vocabulary = 129280,
     .context = 163840,
     .yarn_log_multiplier = 0.1F,
     .latent = {.query_rank = 1536, .rank = 512, .plain = 128, .turning = 64, .value = 128},
     .experts = {.count = 256,
                 .used = 8,
                 .shared = 1,
                 .width = 2048,
                 .dense_layers = 3,
                 .groups = 8,
                 .groups_used = 4,
                 .sigmoid = true,
                 .normed = true,
                 .scale = 2.5F}},
    {.name = "deepseek-vl2-tiny",
     .title = "DeepSeek-VL2-Tiny (language model)",
     .architecture = "deepseek",
     .tokens = TokenFamily::deepseek_vl2,
     .layers = 12,
     .width = 1280,
     .heads = 10,
     .kv_heads = 10,
     .head_size = 128,
     .feed_forward = 6848,
     .vocabulary = 129280,
     .context = 4096,
     .experts = {.count = 64, .used = 6, .shared = 2, .width = 896, .dense_layers = 1}},
    {.name = "r1-distill-qwen-1.5b",
     .title = "DeepSeek-R1-Distill-Qwen-1.5B",
     .architecture = "qwen2",
     .tokens = TokenFamily::distilled_qwen,
     .layers = 28,
     .width = 1536,
     .heads = 12,
     .kv_heads = 2,
     .head_size = 128,
     .biased_qkv = true,
     .feed_forward = 8960,
     .vocabulary = 151936,
     .context = 131072},
    {.name = "r1-distill-qwen-7b",
     .title = "DeepSeek-R1-Distill-Qwen-7B",
     .architecture = "qwen2",
     .tokens = TokenFamily::distilled_qwen,
     .layers = 28,
     .width = 3584,
     .heads = 28,
     .kv_heads = 4,
     .head_size = 128,
     .biased_qkv = true,
     .feed_forward = 18944,
     .vocabulary = 152064,
     .context = 131072},
};

constexpr float kRopeBase = 10000.0F;
constexpr float kEpsilon = 1e-6F;
constexpr float kYarnFactor = 40.0F;
constexpr std::uint32_t kYarnContext = 4096;

/// Writes keys that begin with the architecture's name.
class Keys {
 public:
  Keys(GgufPlan& plan, std::string_view prefix) : plan_(plan), prefix_(prefix) {}

  void count(std::string_view key, std::uint64_t value) {
    plan_.number(concat(prefix_, ".", key), static_cast<std::uint32_t>(value));
  }
  void real(std::string_view key, float value) { plan_.number(concat(prefix_, ".", key), value); }
  void flag(std::string_view key, bool value) { plan_.boolean(concat(prefix_, ".", key), value); }
  void text(std::string_view key, std::string_view value) { plan_.string(concat(prefix_, ".", key), value); }

 private:
  GgufPlan& plan_;
  std::string_view prefix_;
};

void describe_attention(const Shape& shape, Keys& keys) {
  const LatentSizes& latent = shape.latent;
  keys.count("attention.head_count", shape.heads);
  keys.real("attention.layer_norm_rms_epsilon", kEpsilon);
  keys.real("rope.freq_base", kRopeBase);
  if (!shape.is_latent()) {
    keys.count("attention.head_count_kv", shape.kv_heads);
    keys.count("rope.dimension_count", shape.head_size);
    return;
  }
  // Seen as attention over the latent, all heads share one key and value.
  keys.count("attention.head_count_kv", 1);
  if (latent.query_rank > 0) keys.count("attention.q_lora_rank", latent.query_rank);
  keys.count("attention.kv_lora_rank", latent.rank);
  keys.count("attention.key_length", latent.rank + latent.turning);
  keys.count("attention.value_length", latent.rank);
  keys.count("attention.key_length_mla", latent.plain + latent.turning);
  keys.count("attention.value_length_mla", latent.value);
  keys.count("rope.dimension_count", latent.turning);
}

void describe_experts(const ExpertSizes& experts, Keys& keys) {
  if (experts.count == 0) return;
  keys.count("leading_dense_block_count", experts.dense_layers);
  keys.count("expert_feed_forward_length", experts.width);
  keys.count("expert_count", experts.count);
  keys.count("expert_used_count", experts.used);
  keys.count("expert_shared_count", experts.shared);
  keys.real("expert_weights_scale", experts.scale);
  keys.flag("expert_weights_norm", experts.normed);
  keys.count("expert_gating_func", experts.sigmoid ? 2 : 1);
  if (experts.groups > 0) {
    keys.count("expert_group_count", experts.groups);
    keys.count("expert_group_used_count", experts.groups_used);
  }
}

/// Collects a layer's tensors; a matrix's variance follows from its columns, which its products are summed over.
class Tensors {
 public:
  void begin_layer(std::uint64_t layer) { prefix_ = concat("blk.", layer, "."); }
  void end_layers() { prefix_.clear(); }

  void matrix(std::string_view part, std::uint64_t columns, std::uint64_t rows, std::uint64_t depth = 1) {
    std::vector<std::uint64_t> shape{columns, rows};
    if (depth > 1) shape.push_back(depth);
    add(concat(part, ".weight"), std::move(shape), {.variance = 1.0F / static_cast<float>(columns)});
  }
  void norm(std::string_view part, std::uint64_t width) {
    add(concat(part, ".weight"), {width}, {.kind = RandomTensor::Kind::norm});
  }
  void bias(std::string_view part, std::uint64_t width) {
    add(concat(part, ".bias"), {width}, {.kind = RandomTensor::Kind::bias});
  }
  /// Rows are read, not summed.
  void table(std::string_view part, std::uint64_t columns, std::uint64_t rows) {
    add(concat(part, ".weight"), {columns, rows}, {});
  }
  std::vector<ShapedTensor> take() { return std::move(tensors_); }

 private:
  void add(std::string_view name, std::vector<std::uint64_t> shape, RandomTensor random) {
    tensors_.push_back({prefix_ + std::string(name), std::move(shape), random});
  }
  std::string prefix_;
  std::vector<ShapedTensor> tensors_;
};

void add_latent_attention(const Shape& shape, Tensors& out) {
  const LatentSizes& latent = shape.latent;
  const std::uint64_t head = latent.plain + latent.turning;
  if (latent.query_rank > 0) {
    out.matrix("attn_q_a", shape.width, latent.query_rank);
    out.norm("attn_q_a_norm", latent.query_rank);
    out.matrix("attn_q_b", latent.query_rank, shape.heads * head);
  } else {
    out.matrix("attn_q", shape.width, shape.heads * head);
  }
  out.matrix("attn_kv_a_mqa", shape.width, latent.rank + latent.turning);
  out.norm("attn_kv_a_norm", latent.rank);
  out.matrix("attn_k_b", latent.plain, latent.rank, shape.heads);
  out.matrix("attn_v_b", latent.rank, latent.value, shape.heads);
  out.matrix("attn_output", shape.heads * latent.value, shape.width);
}

void add_plain_attention(const Shape& shape, Tensors& out) {
  const std::uint64_t queries = shape.heads * shape.head_size, keys = shape.kv_heads * shape.head_size;
  out.matrix("attn_q", shape.width, queries);
  out.matrix("attn_k", shape.width, keys);
  out.matrix("attn_v", shape.width, keys);
  if (shape.biased_qkv) {
    out.bias("attn_q", queries);
    out.bias("attn_k", keys);
    out.bias("attn_v", keys);
  }
  out.matrix("attn_output", queries, shape.width);
}

void add_feed_forward(const Shape& shape, std::uint64_t layer, Tensors& out) {
  const ExpertSizes& experts = shape.experts;
  if (experts.count == 0 || layer < experts.dense_layers) {
    out.matrix("ffn_gate", shape.width, shape.feed_forward);
    out.matrix("ffn_up", shape.width, shape.feed_forward);
    out.matrix("ffn_down", shape.feed_forward, shape.width);
    return;
  }
  const std::uint64_t shared = experts.shared * experts.width;
  out.matrix("ffn_gate_inp", shape.width, experts.count);
  if (experts.sigmoid) out.bias("exp_probs_b", experts.count);
  out.matrix("ffn_gate_exps", shape.width, experts.width, experts.count);
  out.matrix("ffn_up_exps", shape.width, experts.width, experts.count);
  out.matrix("ffn_down_exps", experts.width, shape.width, experts.count);
  out.matrix("ffn_gate_shexp", shape.width, shared);
  out.matrix("ffn_up_shexp", shape.width, shared);
  out.matrix("ffn_down_shexp", shared, shape.width);
}

void add_layer(const Shape& shape, std::uint64_t layer, Tensors& out) {
  out.norm("attn_norm", shape.width);
  shape.is_latent() ? add_latent_attention(shape, out) : add_plain_attention(shape, out);
  out.norm("ffn_norm", shape.width);
  add_feed_forward(shape, layer, out);
}

/// What a layer of multi-token prediction has besides a layer's own tensors, with a token table and an output of its
/// own as in V3's files.
void add_draft(const Shape& shape, Tensors& out) {
  out.norm("nextn.enorm", shape.width);
  out.norm("nextn.hnorm", shape.width);
  out.matrix("nextn.eh_proj", 2 * shape.width, shape.width);
  out.table("nextn.embed_tokens", shape.width, shape.vocabulary);
  out.norm("nextn.shared_head_norm", shape.width);
  out.matrix("nextn.shared_head_head", shape.width, shape.vocabulary);
}

}  // namespace

std::span<const Shape> shapes() {
  return kShapes;
}

const Shape* find_shape(std::string_view name) {
  const auto found = std::ranges::find(kShapes, name, &Shape::name);
  return found == std::end(kShapes) ? nullptr : found;
}

void describe_shape(const Shape& shape, GgufPlan& plan) {
  plan.string("general.architecture", shape.architecture);
  plan.string("general.type", "model");
  plan.string("general.name", concat(shape.title, " shape, random weights"));
  // What the layout of quantised blocks is called; see llama.cpp, GGML_QNT_VERSION.
  plan.number("general.quantization_version", std::uint32_t{2});
  Keys keys(plan, shape.architecture);
  keys.count("block_count", shape.layers + shape.draft_layers);
  if (shape.draft_layers > 0) keys.count("nextn_predict_layers", shape.draft_layers);
  keys.count("context_length", shape.context);
  keys.count("embedding_length", shape.width);
  keys.count("feed_forward_length", shape.feed_forward);
  keys.count("vocab_size", shape.vocabulary);
  describe_attention(shape, keys);
  describe_experts(shape.experts, keys);
  if (shape.yarn_log_multiplier > 0.0F) {
    keys.text("rope.scaling.type", "yarn");
    keys.real("rope.scaling.factor", kYarnFactor);
    keys.count("rope.scaling.original_context_length", kYarnContext);
    keys.real("rope.scaling.yarn_log_multiplier", shape.yarn_log_multiplier);
  }
}

std::vector<ShapedTensor> shaped_tensors(const Shape& shape) {
  Tensors out;
  out.table("token_embd", shape.width, shape.vocabulary);
  for (std::uint64_t layer = 0; layer < shape.layers + shape.draft_layers; ++layer) {
    out.begin_layer(layer);
    add_layer(shape, layer, out);
    if (layer >= shape.layers) add_draft(shape, out);
  }
  out.end_layers();
  out.norm("output_norm", shape.width);
  out.matrix("output", shape.width, shape.vocabulary);
  return out.take();
}

}  // namespace hadal::tools
