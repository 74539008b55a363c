#include <algorithm>

#include "base/text.h"
#include "models/dense.h"
#include "models/key_reader.h"
#include "models/rope_keys.h"
#include "ops/attention/plan.h"

namespace hadal {
namespace {

constexpr DenseArchitecture kArchitectures[] = {
    // GGUF's llama files store q and k permuted, so that what the papers split into halves lies in adjacent pairs.
    {.name = "llama", .pairs = ops::RopePairs::adjacent},
    {.name = "qwen2", .biased_qkv = true},
    {.name = "qwen3", .normed_qk = true},
    {.name = "qwen2moe", .biased_qkv = true, .feed_forward = {.experts = true, .gated_shared = true}},
    {.name = "qwen3moe", .normed_qk = true, .feed_forward = {.experts = true, .normalised = true}},
    // DeepSeek-MoE (V1), stored like llama; the language model of DeepSeek-OCR is the same, stored as it was trained:
    // its attention is transformers' LlamaAttention, llama.cpp's converter permutes nothing, and llama.cpp's graph turns
    // whole heads as GGML_ROPE_TYPE_NEOX (ocr_rope_type in src/models/deepseek2.cpp).
    {.name = "deepseek", .pairs = ops::RopePairs::adjacent, .feed_forward = {.experts = true}},
    {.name = "deepseek2-ocr", .whole_rope = true, .answer_window = true, .feed_forward = {.experts = true}},
    {.name = "starcoder2",
     .norm = NormKind::layer,
     .biased_qkv = true,
     .feed_forward = {.kind = FeedForwardKind::gelu}},
};

/// Checkpoints of transformers have halves also where GGUF files of the architecture have adjacent pairs.
ops::RopePairs read_pairs(KeyReader& keys, ops::RopePairs usual) {
  const std::string_view said = keys.text_or("rope.pairs", "");
  if (said.empty()) return usual;
  if (said == "halves") return ops::RopePairs::halves;
  if (said != "adjacent") keys.unsupported("@.rope.pairs is not known; halves and adjacent are.");
  return ops::RopePairs::adjacent;
}

void check(KeyReader& keys, const DenseParameters& p) {
  keys.require(p.heads % p.kv_heads == 0, "@.attention.head_count must be a multiple of @.attention.head_count_kv.");
  keys.require(keys.has("attention.key_length") || p.width % p.heads == 0,
               "@.embedding_length must be a multiple of @.attention.head_count.");
  keys.require(p.head_size <= ops::kMostHeadSize,
               "@.embedding_length or @.attention.key_length gives a head of attention more than 1024 elements.");
  keys.require(
      p.head_size % 2 == 0 && p.rope_dimensions % 2 == 0 && p.rope_dimensions <= p.head_size,
      "@.rope.dimension_count and @.attention.key_length must be even, and the first no more than the second.");
  keys.require(keys.count_or("attention.value_length", p.head_size) == p.head_size,
               "@.attention.value_length must equal the key length.");
  if (keys.has("attention.sliding_window_pattern")) {
    keys.unsupported("@.attention.sliding_window_pattern is set; this version knows one window for all layers only.");
  }
}

}  // namespace

const DenseArchitecture* dense_architecture(std::string_view name) {
  const auto found = std::ranges::find(kArchitectures, name, &DenseArchitecture::name);
  return found == std::end(kArchitectures) ? nullptr : found;
}

Result<DenseParameters> read_dense_parameters(const Checkpoint& file, const DenseArchitecture& architecture) {
  KeyReader keys(file, architecture.name);
  DenseParameters p;
  p.layers = keys.count("block_count");
  p.width = keys.count("embedding_length");
  p.heads = keys.count("attention.head_count");
  p.kv_heads = keys.count_or("attention.head_count_kv", p.heads);
  p.head_size = keys.count_or("attention.key_length", std::max<std::int64_t>(1, p.width / p.heads));
  p.feed_forward = read_feed_forward_parameters(keys, architecture.feed_forward, p.layers, p.width);
  p.context_length = keys.count("context_length");
  p.window = keys.count_or_zero("attention.sliding_window");
  p.rope_dimensions = architecture.whole_rope ? p.head_size : keys.count_or("rope.dimension_count", p.head_size);
  p.pairs = read_pairs(keys, architecture.pairs);
  p.rope_base = keys.number_or("rope.freq_base", 10000.0F);
  const bool rms = architecture.norm == NormKind::rms;
  p.epsilon = keys.number_or(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", 1e-5F);
  p.rope_scaling = read_rope_scaling(keys, p.rope_base, p.context_length);
  check(keys, p);
  if (architecture.answer_window && p.window > 0) {
    keys.unsupported("@.attention.sliding_window is set; this version knows no window that only the answer has.");
  }
  if (!keys.result()) return keys.result().error();

  const auto embedding = file.tensor("token_embd.weight");
  if (!embedding) return embedding.error();
  p.vocabulary = (*embedding)->rows();
  const std::int64_t vocabulary = keys.count_or("vocab_size", p.vocabulary);
  keys.require(vocabulary == p.vocabulary && p.vocabulary <= kMostOfAnything,
               concat("@.vocab_size is ", std::to_string(vocabulary), " but token_embd.weight has ",
                      std::to_string(p.vocabulary), " rows."));
  if (!keys.result()) return keys.result().error();
  return p;
}

}  // namespace hadal
