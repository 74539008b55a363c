#include "models/registry.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "models/dense.h"
#include "models/latent.h"

namespace hadal {
namespace {

/// Architectures that people may well hold files of, and what this version lacks for them.
struct Missing {
  std::string_view name;  ///< general.architecture
  std::string_view model;
  std::string_view needs;
};
constexpr Missing kMissing[] = {
    {"deepseek32", "DeepSeek-V3.2", "sparse attention with a lightning indexer"},
    {"deepseek4", "DeepSeek-V4", "compressed sparse attention and hyper-connections"},
    {"qwen2vl", "Qwen2-VL", "rotary positions in several dimensions"},
    {"qwen3vl", "Qwen3-VL", "rotary positions in several dimensions"},
    {"qwen3next", "Qwen3-Next", "layers of linear attention"},
    {"qwen35", "Qwen3.5", "layers of linear attention"},
    {"qwen35moe", "Qwen3.5-MoE", "layers of linear attention"},
    {"smollm3", "SmolLM3", "layers without rotary positions"},
    {"llama4", "Llama 4", "attention in chunks and layers without rotary positions"},
    {"starcoder", "StarCoder", "learned positions"},
    {"gpt2", "GPT-2", "learned positions"},
    {"granite", "Granite", "its own factors on embeddings, residuals and logits"},
    {"phi2", "Phi-2", "attention and feed-forward side by side"},
    {"phi3", "Phi-3", "fused projections and long-context factors"},
    {"gemma", "Gemma", "scaled embeddings and another activation"},
    {"gemma2", "Gemma 2", "capped logits and norms after each half"},
    {"gemma3", "Gemma 3", "windows that alternate from layer to layer"},
    {"gpt-oss", "gpt-oss", "attention sinks and a mixture of experts"},
    {"bert", "BERT", "attention in both directions; it writes no text"},
    {"mamba", "Mamba", "state-space layers"},
};

/// Files of V3.2 exist that call themselves deepseek2; the indexer's keys tell them.
std::string_view told_apart(const Checkpoint& file, std::string_view name) {
  if (name == kLatentArchitecture && file.has("deepseek2.attention.indexer.head_count")) return "deepseek32";
  // Spellings of converters that came before the name was settled.
  std::string plain(name);
  std::erase_if(plain, [](char c) { return c == '-' || c == '_' || c == '.'; });
  if (plain == "deepseekv32") return "deepseek32";
  if (plain == "deepseekv4") return "deepseek4";
  return name;
}

std::string refusal(const Checkpoint& file, std::string_view name) {
  const std::string runs =
      "this version of Hadal runs llama, qwen2, qwen3, starcoder2, qwen2moe, qwen3moe, deepseek, deepseek2, "
      "deepseek2-ocr.";
  const std::string named =
      concat("the model's architecture (metadata general.architecture) is \"", printable(name), "\"");
  const auto missing = std::ranges::find(kMissing, told_apart(file, name), &Missing::name);
  if (missing == std::end(kMissing)) return concat(named, "; ", runs);
  return concat(named, " (", missing->model, "), which would need ", missing->needs, "; ", runs);
}

}  // namespace

Result<std::unique_ptr<const Decoder>> load_decoder(const Checkpoint& file) {
  const auto name = file.string("general.architecture");
  if (!name) return name.error();
  if (const DenseArchitecture* dense = dense_architecture(*name)) return load_dense(file, *dense);
  if (told_apart(file, *name) == kLatentArchitecture) return load_latent(file);
  return file.error(ErrorCode::unsupported, refusal(file, *name));
}

}  // namespace hadal
