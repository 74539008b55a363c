#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "models/huggingface/families.h"

namespace hadal::huggingface {
namespace {

/// YaRN's temperature, Peng et al. 2023, eq. 22, with the share that DeepSeek's configurations give it.
double temperature(double factor, double share) {
  return factor <= 1 ? 1.0 : 0.1 * share * std::log(factor) + 1.0;
}

/// Of models with latent attention, whose cosines and sines stay as they are.
void refuse_magnitude(ConfigReader& scaling) {
  if (scaling.has("attention_factor")) {
    return scaling.unsupported(concat(scaling.name("attention_factor"), " is ",
                                      scaling.number_or("attention_factor", 1),
                                      ", which this version does not know for this model; 1 is."));
  }
  scaling.unsupported(concat(scaling.name("mscale"), " and ", scaling.name("mscale_all_dim"),
                             " differ, or are not both there, which this version does not know."));
}

void write_yarn(ConfigReader& config, ConfigReader& scaling, KeyWriter& keys) {
  const std::uint32_t context = config.count("max_position_embeddings");
  const std::uint32_t original = scaling.count_or("original_max_position_embeddings", context);
  const double factor = scaling.number_or("factor", static_cast<double>(context) / original);
  keys.text("rope.scaling.type", "yarn");
  keys.f32("rope.scaling.factor", factor);
  keys.u32("rope.scaling.original_context_length", original);
  keys.f32("rope.scaling.yarn_beta_fast", scaling.number_or("beta_fast", 32));
  keys.f32("rope.scaling.yarn_beta_slow", scaling.number_or("beta_slow", 1));
  if (!scaling.boolean_or("truncate", true)) {
    scaling.unsupported(
        concat(scaling.name("truncate"), " is false; this version rounds YaRN's borders to whole pairs."));
  }
  // Qwen's configurations give the length before the stretching.
  keys.u32("context_length", std::max(context, static_cast<std::uint32_t>(std::min(original * factor, 16777216.0))));

  const double all = scaling.number_or_zero("mscale_all_dim"), some = scaling.number_or_zero("mscale");
  const double usual = temperature(factor, 1);
  double attention = usual;
  if (all > 0 && some > 0) attention = temperature(factor, some) / temperature(factor, all);
  attention = scaling.number_or("attention_factor", attention);
  if (config.has("kv_lora_rank")) {
    // GGUF's deepseek2 keeps 0.1 mscale_all_dim, which scales the scores, and leaves the cosines alone.
    if (all > 0) keys.f32("rope.scaling.yarn_log_multiplier", 0.1 * all);
    if (std::abs(attention - 1) > 1e-6) refuse_magnitude(scaling);
  } else if (std::abs(attention - usual) > 1e-7) {
    keys.f32("rope.scaling.attn_factor", attention / usual);
  }
}

/// Divisors of the frequencies, as Llama 3.1 defines them: long waves by the factor, short ones not, smooth between.
void write_llama3(ConfigReader& config, ConfigReader& scaling, double base, std::uint32_t dimensions, KeyWriter& keys) {
  const double factor = scaling.number_or("factor", 1), low = scaling.number_or("low_freq_factor", 1);
  const double high = scaling.number_or("high_freq_factor", 4);
  const double context = scaling.count_or("original_max_position_embeddings", config.count("max_position_embeddings"));
  config.require(high > low, concat(scaling.name("high_freq_factor"), " must be above low_freq_factor."));
  std::vector<float> divisors;
  for (std::uint32_t i = 0; i < dimensions / 2; ++i) {
    const double wavelength = 2 * std::numbers::pi * std::pow(base, 2.0 * i / dimensions);
    const double smooth = std::clamp((context / wavelength - low) / (high - low), 0.0, 1.0);
    divisors.push_back(static_cast<float>(1 / ((1 - smooth) / factor + smooth)));
  }
  CheckpointTensor tensor;
  tensor.name = "rope_freqs.weight";
  tensor.dimensions = 1;
  tensor.elements = tensor.shape[0] = divisors.size();
  const auto bytes = std::as_bytes(std::span(divisors));
  const std::string_view kept =
      keys.checkpoint().keep(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  tensor.data = std::as_bytes(std::span(kept));
  if (dimensions >= 2) keys.checkpoint().add(tensor);
}

}  // namespace

void write_rope(ConfigReader& config, std::uint32_t dimensions, KeyWriter& keys) {
  // Since version 5 of transformers everything is in rope_parameters; before, rope_theta stood beside rope_scaling.
  ConfigReader scaling = config.object(config.has("rope_parameters") ? "rope_parameters" : "rope_scaling");
  const double base = scaling.number_or("rope_theta", config.number_or("rope_theta", 10000));
  keys.f32("rope.freq_base", base);
  if (scaling.has("partial_rotary_factor") && scaling.number_or("partial_rotary_factor", 1) != 1.0) {
    scaling.unsupported("partial_rotary_factor is not 1; this version turns whole heads only.");
  }
  const std::string type = scaling.text_or("rope_type", scaling.text_or("type", "default"));
  if (type == "yarn") return write_yarn(config, scaling, keys);
  keys.u32("context_length", config.count("max_position_embeddings"));
  if (type == "linear") {
    keys.text("rope.scaling.type", "linear");
    keys.f32("rope.scaling.factor", scaling.number_or("factor", 1));
  } else if (type == "llama3") {
    write_llama3(config, scaling, base, dimensions, keys);
  } else if (type != "default") {
    scaling.unsupported(
        concat("the rope type \"", printable(type), "\" is not supported; default, linear, llama3 and yarn are."));
  }
}

}  // namespace hadal::huggingface
