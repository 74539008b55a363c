#include "hadal/tokenizer.h"

#include "base/text.h"
#include "base/utf8.h"

namespace hadal {

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  if (auto valid = check_utf8(text, "The text"); !valid) return valid.error();
  return encode_valid(text, options);
}

Result<std::vector<TokenId>> Tokenizer::encode(std::span<const TextPart> parts) const {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (auto valid = check_utf8(parts[i].text, concat("Part ", i + 1, " of the text")); !valid) return valid.error();
  }
  return encode_valid(parts);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool special) const {
  Utf8Stream stream;
  std::string out;
  bool at_beginning = adds_space();
  for (const TokenId id : ids) {
    std::string bytes = piece(id, special);
    if (bytes.empty()) continue;
    if (at_beginning && bytes.front() == ' ' && !is_control(id)) bytes.erase(0, 1);
    at_beginning = false;
    out += stream.push(bytes);
  }
  return out + stream.finish();
}

}  // namespace hadal
