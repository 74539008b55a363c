#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "hadal/result.h"

namespace hadal::huggingface {

/// How a tokenizer.json prepares text before pairs are merged: its normalizer and its pre_tokenizer.
struct Preparation {
  std::vector<std::string> patterns;    ///< Of the splits, in order.
  std::vector<std::string> behaviours;  ///< As tokenizer_keys::split_behaviours.
  bool byte_level = false;              ///< Tokens are spelled as bytes; otherwise as SentencePiece does.
  bool composes = false;
  /// For SentencePiece: "always", "unless_there", "first", or empty: no space is put before the text.
  std::string space_prefix;
  bool words_apart = false;
};

/// Fails for steps that are not known. The sentence names the key of tokenizer.json, without the file's name.
Result<Preparation> read_preparation(const nlohmann::json& tokenizer);

/// The name that GGUF files give these splits (tokenizer.ggml.pre); empty where there is none.
std::string published_name(const Preparation& preparation, bool whole_pieces_first);

}  // namespace hadal::huggingface
