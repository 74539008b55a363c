#include "models/huggingface/tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "models/huggingface/tensor_names.h"
#include "tensor/view.h"

namespace hadal::huggingface {
namespace {

constexpr std::string_view scale_suffix = "_scale_inv";

std::optional<DType> dtype(std::string_view type) {
  if (type == "F32") return DType::f32;
  if (type == "F16") return DType::f16;
  if (type == "BF16") return DType::bf16;
  if (type == "F8_E4M3") return DType::f8_e4m3;
  return std::nullopt;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string out;
  for (const auto dimension : shape) out += concat(out.empty() ? "" : " x ", dimension);
  return out.empty() ? "a single number" : out;
}

class Adder {
 public:
  Adder(ConfigReader& config, const Family& family, CheckpointBuilder& out)
      : layers_(config.count("num_hidden_layers") + config.count_or_zero("num_nextn_predict_layers")),
        experts_(expert_count(config)),
        tied_(config.boolean_or("tie_word_embeddings", family.tied)),
        sees_(config.has("vision_config")),
        attention_biased_(config.boolean_or("attention_bias", false)),
        mlp_biased_(config.boolean_or("mlp_bias", false)),
        family_(family),
        out_(out) {}

  Result<void> run(std::span<const ShardTensor> tensors) {
    out_.reserve(tensors.size());
    for (const ShardTensor& one : tensors) {
      if (one.tensor.name.ends_with(scale_suffix)) scales_.emplace(one.tensor.name, &one.tensor);
    }
    for (const ShardTensor& one : tensors) {
      if (one.tensor.name.ends_with(scale_suffix) || is_left_out(one.tensor.name)) continue;
      if (sees_ && is_of_pictures(one.tensor.name)) continue;
      if (auto done = add(one); !done) return done;
    }
    if (!scales_.empty()) {
      return invalid(concat("tensor ", printable(scales_.begin()->first), " scales no 8-bit weights."));
    }
    if (!tied_ && out_.so_far().find_tensor("output.weight") == nullptr) {
      return invalid("tensor lm_head.weight is missing, and config.json does not say that tie_word_embeddings.");
    }
    if (auto complete = check_biases(tensors); !complete) return complete;
    return check_choice(tensors);
  }

 private:
  Error error(ErrorCode code, std::string_view sentence) const { return out_.so_far().error(code, sentence); }
  Error invalid(std::string_view sentence) const { return error(ErrorCode::invalid_file, sentence); }

  /// A bias that config.json does not speak of is none that the model was trained with.
  Result<void> check_bias(std::string_view what, std::string_view name) const {
    const auto of = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
    if (!name.ends_with(".bias") || of("_norm.") || family_.model_type == "starcoder2") return {};
    if (family_.biased_qkv && (of(".attn_q.") || of(".attn_k.") || of(".attn_v."))) return {};
    const auto unsaid = [&](std::string_view key) {
      return invalid(concat(what, " is there, but config.json does not say that ", key, " is true."));
    };
    if (of(".attn_") && !attention_biased_) return unsaid("attention_bias");
    if (of(".ffn_") && !mlp_biased_) return unsaid("mlp_bias");
    if (name.starts_with("output.") || name.starts_with("token_embd.") || of(".nextn.")) {
      return invalid(concat(what, " is none that models of type ", family_.model_type, " have."));
    }
    return {};
  }

  /// Those that attention_bias announces.
  Result<void> check_biases(std::span<const ShardTensor> tensors) const {
    if (!attention_biased_) return {};
    const bool latent = family_.architecture == "deepseek2";
    for (const ShardTensor& one : tensors) {
      const std::string_view name = one.tensor.name;
      constexpr std::string_view announced[] = {"q_a_proj", "kv_a_proj_with_mqa", "o_proj", "k_proj", "v_proj",
                                                "q_proj"};
      const bool has_one = std::ranges::any_of(announced, [&](std::string_view part) {
        return name.ends_with(concat(".self_attn.", part, ".weight")) && !(latent && part == "q_proj");
      });
      if (!has_one) continue;
      const std::string bias = concat(name.substr(0, name.rfind('.')), ".bias");
      const auto in_gguf = gguf_name(bias);
      if (in_gguf && out_.so_far().find_tensor(*in_gguf) == nullptr) {
        return invalid(concat("tensor ", printable(bias), " is missing, though config.json says attention_bias."));
      }
    }
    return {};
  }

  /// Routers with sigmoids choose by a bias, others do not.
  Result<void> check_choice(std::span<const ShardTensor> tensors) const {
    const auto first = [&](std::string_view ending) {
      return std::ranges::find_if(tensors, [&](const ShardTensor& one) { return one.tensor.name.ends_with(ending); });
    };
    const auto gating = out_.so_far().u32_or(concat(family_.architecture, ".expert_gating_func"), 1);
    const bool by_bias = gating && *gating == 2;
    const auto bias = first(".mlp.gate.e_score_correction_bias");
    if (by_bias && bias == tensors.end() && first(".mlp.gate.weight") != tensors.end()) {
      return invalid("no tensor mlp.gate.e_score_correction_bias is there, though topk_method noaux_tc chooses by it.");
    }
    if (!by_bias && bias != tensors.end()) {
      return invalid(concat("tensor ", printable(bias->tensor.name),
                            " is there, but topk_method in config.json is not noaux_tc."));
    }
    return {};
  }

  Result<void> add(const ShardTensor& one) {
    const SafetensorsTensor& source = one.tensor;
    const std::string what = concat("tensor ", printable(source.name));
    auto name = gguf_name(source.name);
    if (!name) {
      return error(ErrorCode::unsupported, concat(what, " in ", printable(one.file), " is none that models of type ",
                                                  family_.model_type, " have."));
    }
    if (const auto layer = layer_of(source.name); layer && *layer >= layers_) {
      return invalid(concat(what, " in ", printable(one.file), " belongs to a layer past the ", layers_,
                            " that num_hidden_layers in config.json gives the model."));
    }
    if (const auto expert = expert_of(source.name); expert && *expert >= experts_) {
      return invalid(concat(what, " in ", printable(one.file), " belongs to an expert past the ", experts_,
                            " that config.json gives a layer."));
    }
    if (tied_ && *name == "output.weight") return {};
    if (auto fits = check_bias(what, *name); !fits) return fits;
    const auto type = dtype(source.type);
    if (!type) {
      return error(ErrorCode::unsupported,
                   concat(what, " is of type ", source.type, "; F32, F16, BF16 and F8_E4M3 are supported."));
    }
    if (source.shape.empty() || source.shape.size() > 2) {
      return invalid(concat(what, " is ", shape_text(source.shape), "; vectors and matrices are expected."));
    }
    CheckpointTensor tensor;
    tensor.name = out_.keep(std::move(*name));
    tensor.type = *type;
    tensor.dimensions = static_cast<std::uint32_t>(source.shape.size());
    for (std::size_t i = 0; i < source.shape.size(); ++i) tensor.shape[i] = source.shape[source.shape.size() - 1 - i];
    tensor.elements = source.elements;
    tensor.data = source.data;
    if (tensor.type == DType::f8_e4m3) {
      if (auto done = add_scales(source, tensor); !done) return done;
    }
    if (!out_.add(tensor)) return invalid(concat(what, " is there under another name as well."));
    return {};
  }

  /// Takes the scales that belong to 8-bit weights.
  Result<void> add_scales(const SafetensorsTensor& source, CheckpointTensor& tensor) {
    const std::string what = concat("tensor ", printable(source.name));
    const auto found = scales_.find(concat(source.name, scale_suffix));
    if (found == scales_.end())
      return invalid(concat(what, " is of type F8_E4M3, but ", printable(source.name), scale_suffix,
                            ", which scales it, is missing."));
    const SafetensorsTensor& scales = *found->second;
    const std::string whose = concat("tensor ", printable(scales.name));
    if (scales.type != "F32")
      return error(ErrorCode::unsupported, concat(whose, " is of type ", scales.type, ", not F32."));
    if (source.shape.size() != 2) return invalid(concat(what, " is of type F8_E4M3, but no matrix."));
    std::vector<std::uint64_t> blocks;
    for (const auto dimension : source.shape) blocks.push_back((dimension - 1) / kScaleBlock + 1);
    if (scales.shape != blocks) {
      return invalid(concat(whose, " is ", shape_text(scales.shape),
                            " where one scale for each 128 x 128 weights makes ", shape_text(blocks), "."));
    }
    for (std::size_t i = 0; i < scales.data.size(); i += sizeof(float)) {
      float scale;
      std::memcpy(&scale, scales.data.data() + i, sizeof scale);
      if (!std::isfinite(scale)) return invalid(concat(whose, ": scale ", i / sizeof scale, " is no number."));
    }
    tensor.scales = scales.data;
    scales_.erase(found);
    return {};
  }

  /// Each family has a key of its own for it.
  static std::uint32_t expert_count(ConfigReader& config) {
    for (const char* key : {"n_routed_experts", "num_local_experts", "num_experts"}) {
      if (config.has(key)) return config.count_or_zero(key);
    }
    return 0;
  }

  const std::uint32_t layers_, experts_;
  const bool tied_, sees_, attention_biased_, mlp_biased_;
  const Family& family_;
  CheckpointBuilder& out_;
  std::unordered_map<std::string, const SafetensorsTensor*> scales_;  ///< Not yet taken.
};

}  // namespace

Result<void> add_tensors(std::span<const ShardTensor> tensors, ConfigReader& config, const Family& family,
                         CheckpointBuilder& out) {
  Adder adder(config, family, out);
  if (!config.result()) return config.result();
  return adder.run(tensors);
}

}  // namespace hadal::huggingface
