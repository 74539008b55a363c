#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tensor/dtype.h"

namespace hadal {

/// How much of a model's precision is kept, tensor by tensor: what "Q4_K_M" means for each of them. A pure type has one
/// type for every matrix but the output; a mix gives more bits to the matrices whose errors cost most.
enum class QuantisationMix {
  f32,
  f16,
  bf16,
  q8_0,
  q6_k,
  q5_k_m,
  q5_k_s,
  q5_1,
  q5_0,
  q4_k_m,
  q4_k_s,
  q4_1,
  q4_0,
  iq4_nl,
  iq4_xs,
  q3_k_m,
  q2_k,
  deepseek,
};

struct MixTraits {
  QuantisationMix mix;
  std::string_view name;    ///< As a person types it: "Q4_K_M".
  std::uint32_t file_type;  ///< The nearest of GGUF's numbers for general.file_type.
  DType base;               ///< Of most matrices.
  DType more;               ///< Of attn_v and ffn_down in the layers that layer_gets_more() names.
  DType output;             ///< Of the output matrix, also where it is the token embedding.
  DType embedding;          ///< Of the token embedding.
};

std::span<const MixTraits> quantisation_mixes();
const MixTraits& mix_traits(QuantisationMix mix);
/// By name, in upper or lower case.
std::optional<QuantisationMix> find_quantisation_mix(std::string_view name);

/// What the choice for a tensor depends on besides the mix.
struct MixTensor {
  std::string_view name;                 ///< GGUF's: "blk.3.ffn_down.weight".
  std::span<const std::uint64_t> shape;  ///< Fastest first: [columns, rows, ...].
};
struct MixModel {
  std::int64_t layers = 0;
  bool tied_output = false;  ///< There is no output.weight; the token embedding takes its place.
};

struct TypeChoice {
  DType type;    ///< What the tensor gets.
  DType wanted;  ///< What the mix means it to have; another where the columns are no multiple of its blocks.
  bool fell_back() const { return type != wanted; }
};

/// Vectors, norms and the router's matrix stay F32: they are small, and a token's whole path hangs on them. Where a
/// wanted type's blocks do not divide the columns the choice falls back to blocks of 32 with at least as many bits
/// (Q4_K to Q5_0, Q5_K to Q5_1, Q6_K to Q8_0, Q2_K, Q3_K and IQ4_XS to IQ4_NL), and from there to F16.
TypeChoice choose_type(QuantisationMix mix, const MixModel& model, const MixTensor& tensor);

/// The layers that get more bits in a mix: the first eighth, rounded down, the last, rounded up, and every third
/// between them. The same as llama.cpp's use_more_bits, so that a mix of one name is one mix.
bool layer_gets_more(std::int64_t layer, std::int64_t layers);

}  // namespace hadal
