#include "models/huggingface/tensor_names.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace hadal::huggingface {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr Names whole_model[] = {{"embed_tokens", "token_embd"}, {"norm", "output_norm"}, {"lm_head", "output"}};

constexpr Names of_a_layer[] = {
    {"input_layernorm", "attn_norm"},
    {"post_attention_layernorm", "ffn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.o_proj", "attn_output"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"self_attn.q_a_proj", "attn_q_a"},
    {"self_attn.q_a_layernorm", "attn_q_a_norm"},
    {"self_attn.q_b_proj", "attn_q_b"},
    {"self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"},
    {"self_attn.kv_a_layernorm", "attn_kv_a_norm"},
    {"self_attn.kv_b_proj", "attn_kv_b"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
    {"mlp.c_fc", "ffn_up"},
    {"mlp.c_proj", "ffn_down"},
    {"mlp.gate", "ffn_gate_inp"},
    {"mlp.shared_experts.gate_proj", "ffn_gate_shexp"},
    {"mlp.shared_experts.up_proj", "ffn_up_shexp"},
    {"mlp.shared_experts.down_proj", "ffn_down_shexp"},
    {"mlp.shared_expert.gate_proj", "ffn_gate_shexp"},
    {"mlp.shared_expert.up_proj", "ffn_up_shexp"},
    {"mlp.shared_expert.down_proj", "ffn_down_shexp"},
    {"mlp.shared_expert_gate", "ffn_gate_inp_shexp"},
    // The layer that predicts the token after the next.
    {"eh_proj", "nextn.eh_proj"},
    {"enorm", "nextn.enorm"},
    {"hnorm", "nextn.hnorm"},
    {"embed_tokens", "nextn.embed_tokens"},
    {"shared_head.norm", "nextn.shared_head_norm"},
    {"shared_head.head", "nextn.shared_head_head"},
};

constexpr Names of_an_expert[] = {{"gate_proj", "ffn_gate"}, {"up_proj", "ffn_up"}, {"down_proj", "ffn_down"}};

template <std::size_t count>
std::optional<std::string_view> renamed(const Names (&table)[count], std::string_view name) {
  const auto found = std::ranges::find(table, name, &Names::first);
  if (found == std::end(table)) return std::nullopt;
  return found->second;
}

/// Takes "17." off the front; plain decimal numbers only.
std::optional<std::uint32_t> take_number(std::string_view& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot > 6 || (name[0] == '0' && dot > 1)) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + dot, number);
  if (problem != std::errc() || end != name.data() + dot) return std::nullopt;
  name.remove_prefix(dot + 1);
  return number;
}

bool take_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

/// DeepSeek-VL2 has a whole language model under a name of its own.
void take_model_prefix(std::string_view& name) {
  take_prefix(name, "language.");
  take_prefix(name, "model.");
}

std::optional<std::string> layer_part(std::string_view part, std::string_view kind) {
  if (part == "mlp.gate.e_score_correction_bias") return "exp_probs_b.bias";
  if (kind != "weight" && kind != "bias") return std::nullopt;
  part.remove_suffix(kind.size() + 1);
  if (const auto name = renamed(of_a_layer, part)) return concat(*name, ".", kind);
  if (!take_prefix(part, "mlp.experts.")) return std::nullopt;
  const auto expert = take_number(part);
  const auto name = renamed(of_an_expert, part);
  if (!expert || !name) return std::nullopt;
  return concat(*name, ".", *expert, ".", kind);
}

/// The other way round. Where families have different names for one part, `last` takes the last of them.
template <std::size_t count>
std::string_view named_back(const Names (&table)[count], std::string_view part, bool last) {
  std::string_view found;
  for (const auto& [own, gguf] : table) {
    if (gguf == part && (found.empty() || last)) found = own;
  }
  return found;
}

std::string layer_part_back(std::string_view part, std::string_view kind, bool last) {
  if (part == "exp_probs_b") return "mlp.gate.e_score_correction_bias";
  if (const auto own = named_back(of_a_layer, part, last); !own.empty()) return concat(own, ".", kind);
  constexpr std::string_view together = "_exps";
  std::string_view expert = "0";
  if (part.ends_with(together)) {
    part.remove_suffix(together.size());
  } else {
    const std::size_t dot = part.rfind('.');
    if (dot == std::string_view::npos) return {};
    expert = part.substr(dot + 1);
    part = part.substr(0, dot);
  }
  const auto own = named_back(of_an_expert, part, false);
  return own.empty() ? std::string() : concat("mlp.experts.", expert, ".", own, ".", kind);
}

}  // namespace

std::string folder_name(std::string_view name, bool last) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view kind = name.substr(dot + 1);
  if (kind != "weight" && kind != "bias") return {};
  name.remove_suffix(kind.size() + 1);
  if (take_prefix(name, "blk.")) {
    const auto layer = take_number(name);
    const std::string part = layer ? layer_part_back(name, kind, last) : std::string();
    return part.empty() ? part : concat("model.layers.", *layer, ".", part);
  }
  const auto own = named_back(whole_model, name, false);
  if (own.empty()) return {};
  return concat(own == "lm_head" ? "" : "model.", own, ".", kind);
}

std::optional<std::uint32_t> layer_of(std::string_view name) {
  take_model_prefix(name);
  return take_prefix(name, "layers.") ? take_number(name) : std::nullopt;
}

std::optional<std::uint32_t> expert_of(std::string_view name) {
  constexpr std::string_view marker = ".mlp.experts.";
  const std::size_t at = name.find(marker);
  if (at == std::string_view::npos) return std::nullopt;
  name.remove_prefix(at + marker.size());
  return take_number(name);
}

bool is_left_out(std::string_view name) {
  return name.ends_with(".rotary_emb.inv_freq");
}

bool is_of_pictures(std::string_view name) {
  take_prefix(name, "model.");
  // VL2's own spelling.
  if (name == "image_newline" || name == "view_seperator" || name == "tile_indicators") return true;
  constexpr std::string_view parts[] = {"vision.", "vision_model.", "sam_model.", "qwen2_model.", "projector."};
  return std::ranges::any_of(parts, [&](std::string_view part) { return name.starts_with(part); });
}

std::optional<std::string> gguf_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view kind = name.substr(dot + 1);
  take_model_prefix(name);
  if (take_prefix(name, "layers.")) {
    const auto layer = take_number(name);
    if (!layer) return std::nullopt;
    auto part = layer_part(name, kind);
    if (!part) return std::nullopt;
    return concat("blk.", *layer, ".", *part);
  }
  if (kind != "weight" && kind != "bias") return std::nullopt;
  name.remove_suffix(kind.size() + 1);
  const auto whole = renamed(whole_model, name);
  if (!whole) return std::nullopt;
  return concat(*whole, ".", kind);
}

}  // namespace hadal::huggingface
