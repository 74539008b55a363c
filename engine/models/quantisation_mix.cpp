#include "models/quantisation_mix.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace hadal {
namespace {

using Mix = QuantisationMix;

// File types: the enumeration LLAMA_FTYPE of llama.h, which general.file_type has its numbers from. There is none for
// a mix of our own; readers show the name and use the tensors' own types.
constexpr std::array kMixes = {
    MixTraits{Mix::f32, "F32", 0, DType::f32, DType::f32, DType::f32, DType::f32},
    MixTraits{Mix::f16, "F16", 1, DType::f16, DType::f16, DType::f16, DType::f16},
    MixTraits{Mix::bf16, "BF16", 32, DType::bf16, DType::bf16, DType::bf16, DType::bf16},
    MixTraits{Mix::q8_0, "Q8_0", 7, DType::q8_0, DType::q8_0, DType::q8_0, DType::q8_0},
    MixTraits{Mix::q6_k, "Q6_K", 18, DType::q6_k, DType::q6_k, DType::q6_k, DType::q6_k},
    MixTraits{Mix::q5_k_m, "Q5_K_M", 17, DType::q5_k, DType::q6_k, DType::q6_k, DType::q5_k},
    MixTraits{Mix::q5_k_s, "Q5_K_S", 16, DType::q5_k, DType::q5_k, DType::q6_k, DType::q5_k},
    MixTraits{Mix::q5_1, "Q5_1", 9, DType::q5_1, DType::q5_1, DType::q6_k, DType::q5_1},
    MixTraits{Mix::q5_0, "Q5_0", 8, DType::q5_0, DType::q5_0, DType::q6_k, DType::q5_0},
    MixTraits{Mix::q4_k_m, "Q4_K_M", 15, DType::q4_k, DType::q6_k, DType::q6_k, DType::q4_k},
    MixTraits{Mix::q4_k_s, "Q4_K_S", 14, DType::q4_k, DType::q4_k, DType::q6_k, DType::q4_k},
    MixTraits{Mix::q4_1, "Q4_1", 3, DType::q4_1, DType::q4_1, DType::q6_k, DType::q4_1},
    MixTraits{Mix::q4_0, "Q4_0", 2, DType::q4_0, DType::q4_0, DType::q6_k, DType::q4_0},
    MixTraits{Mix::iq4_nl, "IQ4_NL", 25, DType::iq4_nl, DType::iq4_nl, DType::q6_k, DType::iq4_nl},
    MixTraits{Mix::iq4_xs, "IQ4_XS", 30, DType::iq4_xs, DType::iq4_xs, DType::q6_k, DType::iq4_xs},
    MixTraits{Mix::q3_k_m, "Q3_K_M", 12, DType::q3_k, DType::q5_k, DType::q6_k, DType::q3_k},
    MixTraits{Mix::q2_k, "Q2_K", 10, DType::q2_k, DType::q3_k, DType::q6_k, DType::q2_k},
    MixTraits{Mix::deepseek, "deepseek", 15, DType::q4_k, DType::q6_k, DType::q6_k, DType::q4_k},
};

/// What a tensor is for, as far as mixes care.
enum class Role {
  kept,  ///< Vectors, norms, the router: F32.
  embedding,
  output,
  value,      ///< attn_v, or the fused attn_qkv
  latent,     ///< MLA's narrow matrices, which all that is attended to goes through
  attention,  ///< The other matrices of attention
  down,       ///< ffn_down, also of shared experts
  up,         ///< ffn_gate and ffn_up, also of shared experts
  expert_down,
  expert_up,
  draft,  ///< The projection of a multi-token-prediction layer
  other,
};

struct Placed {
  std::int64_t layer = -1;
  std::string_view part;  ///< "ffn_down": without layer and suffix.
};

Placed placed(std::string_view name) {
  Placed out;
  if (name.starts_with("blk.")) {
    name.remove_prefix(4);
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), out.layer);
    name.remove_prefix(static_cast<std::size_t>(end - name.data()));
    if (error == std::errc() && name.starts_with('.')) name.remove_prefix(1);
  }
  if (name.ends_with(".weight")) name.remove_suffix(7);
  out.part = name;
  return out;
}

bool any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

/// One tensor per expert is named "ffn_down.7", all of a layer in one "ffn_down_exps".
bool of_an_expert(std::string_view part) {
  return part.find("_exps") != std::string_view::npos ||
         (part.starts_with("ffn_") && part.find('.') != std::string_view::npos);
}

Role role_of(const MixTensor& tensor, std::string_view part) {
  if (tensor.shape.size() < 2 || !tensor.name.ends_with(".weight")) return Role::kept;
  if (part.find("norm") != std::string_view::npos || part.starts_with("ffn_gate_inp") || part.starts_with("rope_"))
    return Role::kept;
  if (any_of(part, {"token_embd", "nextn.embed_tokens"})) return Role::embedding;
  if (any_of(part, {"output", "nextn.shared_head_head"})) return Role::output;
  if (part == "nextn.eh_proj") return Role::draft;
  if (any_of(part, {"attn_v", "attn_qkv"})) return Role::value;
  if (any_of(part, {"attn_kv_a_mqa", "attn_kv_b", "attn_k_b", "attn_v_b", "attn_q_a"})) return Role::latent;
  if (part.starts_with("attn_")) return Role::attention;
  const bool expert = of_an_expert(part);
  if (part.starts_with("ffn_down")) return expert ? Role::expert_down : Role::down;
  if (part.starts_with("ffn_")) return expert ? Role::expert_up : Role::up;
  return Role::other;
}

/// The mix for models of many experts. Nearly all of such a model's bytes are its routed experts, of which a token
/// reads a few: they carry the savings, their down projections, whose errors enter the residual stream at once, one
/// step less. What every token reads (attention, shared experts, the leading dense layers) is a small share and stays
/// near exact.
DType deepseek_type(Role role, bool more) {
  switch (role) {
    case Role::expert_up:
    case Role::embedding:
      return DType::q4_k;
    case Role::expert_down:
      return more ? DType::q6_k : DType::q5_k;
    case Role::latent:
    case Role::draft:
      return DType::q8_0;
    default:
      return DType::q6_k;
  }
}

DType wanted_type(const MixTraits& traits, const MixModel& model, Role role, bool more) {
  if (role == Role::kept) return DType::f32;
  if (role == Role::embedding) return model.tied_output ? traits.output : traits.embedding;
  if (role == Role::output) return traits.output;
  if (traits.mix == Mix::deepseek) return deepseek_type(role, more);
  const bool sensitive = role == Role::value || role == Role::latent || role == Role::down || role == Role::expert_down;
  return sensitive && more ? traits.more : traits.base;
}

/// The next type to try where `type`'s blocks do not divide the columns.
DType fallback(DType type) {
  switch (type) {
    case DType::q2_k:
    case DType::q3_k:
    case DType::iq4_xs:
      return DType::iq4_nl;
    case DType::q4_k:
      return DType::q5_0;
    case DType::q5_k:
      return DType::q5_1;
    case DType::q6_k:
      return DType::q8_0;
    default:
      return DType::f16;
  }
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::span<const MixTraits> quantisation_mixes() {
  return kMixes;
}

const MixTraits& mix_traits(QuantisationMix mix) {
  return *std::ranges::find(kMixes, mix, &MixTraits::mix);
}

std::optional<QuantisationMix> find_quantisation_mix(std::string_view name) {
  for (const MixTraits& traits : kMixes) {
    if (std::ranges::equal(name, traits.name, {}, lower, lower)) return traits.mix;
  }
  return std::nullopt;
}

bool layer_gets_more(std::int64_t layer, std::int64_t layers) {
  const std::int64_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

TypeChoice choose_type(QuantisationMix mix, const MixModel& model, const MixTensor& tensor) {
  const Placed place = placed(tensor.name);
  const bool more = place.layer >= 0 && layer_gets_more(place.layer, model.layers);
  TypeChoice choice{};
  choice.wanted = wanted_type(mix_traits(mix), model, role_of(tensor, place.part), more);
  choice.type = choice.wanted;
  while (tensor.shape[0] % dtype_traits(choice.type).block_size != 0) choice.type = fallback(choice.type);
  return choice;
}

}  // namespace hadal
