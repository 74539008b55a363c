#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gguf_writer.h"

namespace hadal::test {

/// The header of a file with one of the two vocabularies of tests/data/tokenizer_small.json, which `small` is. `kind`:
/// "scores" or "merges" of the SentencePiece one, or a pre-tokenizer's name for the byte-level one.
inline GgufWriter small_vocabulary(const nlohmann::json& small, const std::string& kind) {
  const bool sentence_piece = kind == "scores" || kind == "merges";
  const auto& data = small[sentence_piece ? "sentence_piece" : "byte_level"];
  const std::vector<std::string> tokens = data["tokens"];
  GgufWriter writer;
  writer.text("tokenizer.ggml.model", sentence_piece ? "llama" : "gpt2");
  writer.texts("tokenizer.ggml.tokens", tokens);
  const std::size_t added = small["added"], special = small["special"];
  std::vector<std::int32_t> types(tokens.size(), 1);
  std::fill(types.end() - static_cast<std::ptrdiff_t>(added), types.end(), 4);
  std::fill_n(types.end() - static_cast<std::ptrdiff_t>(added + special), special, 3);
  if (sentence_piece) {
    types[0] = 2;
    std::fill_n(types.begin() + 1, 256, 6);
  } else {
    writer.text("tokenizer.ggml.pre", kind);
  }
  writer.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, types);
  if (kind == "scores") {
    writer.numbers<float>("tokenizer.ggml.scores", 6, data["scores"]);
  } else {
    writer.texts("tokenizer.ggml.merges", data["merges"]);
  }
  return writer;
}

}  // namespace hadal::test
