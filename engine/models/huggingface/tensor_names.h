#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hadal::huggingface {

/// What a tensor of a checkpoint of transformers is called in a GGUF file:
/// model.layers.3.mlp.experts.17.up_proj.weight -> blk.3.ffn_up.17.weight. Nothing for names that are not known.
std::optional<std::string> gguf_name(std::string_view name);

/// The other way round, for sentences; empty for names that no folder has a tensor for. Of two names for the same part
/// the `last` is that of Qwen's mixtures and of StarCoder2.
std::string folder_name(std::string_view name, bool last);

/// Of a tensor of a layer; nothing for the others.
std::optional<std::uint32_t> layer_of(std::string_view name);

/// Of a tensor of a routed expert; nothing for the others.
std::optional<std::uint32_t> expert_of(std::string_view name);

/// Tensors that some checkpoints have and no model needs: the frequencies of rotary positions.
bool is_left_out(std::string_view name);

/// Of the part of DeepSeek-VL2 or DeepSeek-OCR that looks at pictures.
bool is_of_pictures(std::string_view name);

}  // namespace hadal::huggingface
