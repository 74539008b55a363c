#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hadal/result.h"
#include "models/huggingface/pre_tokenizer_json.h"

namespace hadal::huggingface {

/// The tokens and merges of a tokenizer.json, as GGUF files list them.
struct TokenList {
  std::vector<std::string> tokens;  ///< By id; "[PAD7]" where no token has the id 7.
  std::vector<std::int32_t> types;  ///< tokenizer.ggml.token_type
  std::vector<std::string> merges;  ///< "left right"
  std::vector<std::int32_t> strips_left, strips_right;
  std::int32_t unknown = -1;
  bool whole_pieces_first = false;
  std::unordered_map<std::string, std::int32_t> ids;  ///< Of the tokens.

  std::int32_t id(const std::string& token) const {
    const auto found = ids.find(token);
    return found == ids.end() ? -1 : found->second;
  }
};

/// Gives at least `vocab_size` tokens. The sentence names the key of tokenizer.json, without the file's name.
Result<TokenList> read_tokens(const nlohmann::json& tokenizer, const Preparation& preparation,
                              std::uint32_t vocab_size);

}  // namespace hadal::huggingface
