#pragma once

#include <cstdint>
#include <string>

#include "engine/support/model_folder.h"

namespace hadal::test {

/// One way of damaging a model's folder.
enum class FolderMutation {
  config_values,   ///< Another value, type or place for something in config.json, or nothing in its place.
  rope_values,     ///< Rope types and numbers, in the old spelling and the new.
  header_numbers,  ///< Numbers from the edges in shapes and data_offsets.
  header_entries,  ///< Tensors renamed, missing, twice, with other types, shapes or places; a great many of them.
  header_bytes,    ///< The header's length and text.
  index,           ///< Two files of weights and an index that says otherwise.
  files,           ///< Files missing, cut, emptied, exchanged.
  weights,         ///< Scales, weights and biases that are no numbers, or very large ones.
  tokenizer,       ///< Something in tokenizer.json, or in the files beside it.
  random_bytes,    ///< Bytes anywhere.
};
inline constexpr int kFolderMutations = 10;

struct MutatedFolder {
  ModelFolder folder;
  std::string what;  ///< For a failure's message.
};

/// `folder`: with its weights in model.safetensors. The same seed gives the same folder.
MutatedFolder mutate(const ModelFolder& folder, FolderMutation mutation, std::uint64_t seed);

}  // namespace hadal::test
