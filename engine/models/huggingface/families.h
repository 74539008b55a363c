#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "models/huggingface/config_reader.h"
#include "models/huggingface/key_writer.h"

namespace hadal::huggingface {

/// What the architectures of transformers and of GGUF have to do with each other.
struct Family {
  std::string_view model_type;    ///< config.json
  std::string_view architecture;  ///< general.architecture
  std::string_view activation = "silu";
  bool tied = false;  ///< tie_word_embeddings where config.json does not say.
  /// GGUF files of the architecture hold the rows of q and k in another order than checkpoints of transformers.
  bool reordered = false;
  bool biased_qkv = false;  ///< q, k and v have biases without a key attention_bias.
  void (*write)(ConfigReader& config, KeyWriter& keys) = nullptr;  ///< What only this family has.
};

/// config.json as a model of language alone would have it: of DeepSeek-VL2 and DeepSeek-OCR what language_config says,
/// over what stands beside it. Others as they are.
nlohmann::json language_model(const nlohmann::json& config);

/// The one that config.json names; errors stay in `config`. Null if there is none.
const Family* find_family(ConfigReader& config);

/// Writes the keys of the model's shape, as a GGUF file of the architecture has them; errors stay in `config`.
/// `drafts`: the layers that num_nextn_predict_layers speaks of are there; many checkpoints leave them out.
void write_keys(ConfigReader& config, const Family& family, bool drafts, KeyWriter& keys);

/// Writes rope.*: base and scaling of the rotary positions, whose `dimensions` turn.
void write_rope(ConfigReader& config, std::uint32_t dimensions, KeyWriter& keys);

}  // namespace hadal::huggingface
