#include "text/vocabulary_tokenizer.h"

namespace hadal {

Result<void> VocabularyTokenizer::load_ends(const Checkpoint& file, bool bos_by_default) {
  const auto add_bos = file.boolean_or("tokenizer.ggml.add_bos_token", bos_by_default);
  if (!add_bos) return add_bos.error();
  const auto add_eos = file.boolean_or("tokenizer.ggml.add_eos_token", false);
  if (!add_eos) return add_eos.error();
  add_bos_ = *add_bos && bos() >= 0;
  add_eos_ = *add_eos && eos() >= 0;
  return {};
}

std::vector<TokenId> VocabularyTokenizer::encode_valid(std::string_view text, EncodeOptions options) const {
  std::vector<TokenId> out;
  out.reserve(text.size() / 3 + 2);
  if (options.add_special && add_bos_) out.push_back(bos());
  std::size_t done = 0;
  while (done < text.size()) {
    const auto match = vocabulary_.find_special(text, done, options.parse_special);
    encode_plain(text.substr(done, match.begin - done), done == 0, out);
    if (match.id < 0) break;
    out.push_back(match.id);
    done = match.begin + match.length;
  }
  if (options.add_special && add_eos_) out.push_back(eos());
  return out;
}

std::vector<TokenId> VocabularyTokenizer::encode_valid(std::span<const TextPart> parts) const {
  std::vector<TokenId> out;
  std::string plain;  // since the last special token: pieces may reach across parts
  bool at_beginning = true;
  const auto flush = [&] {
    encode_plain(plain, at_beginning, out);
    at_beginning = false;
    plain.clear();
  };
  for (std::size_t i = 0; i < parts.size();) {
    // Neighbours of one kind are one text: a special token may reach across them.
    const bool literal = parts[i].literal;
    std::string run;
    for (; i < parts.size() && (parts[i].literal == literal || parts[i].text.empty()); ++i) run += parts[i].text;
    const std::string_view text = run;
    std::size_t done = 0;
    while (done < text.size()) {
      const auto match = vocabulary_.find_special(text, done, !literal);
      plain += text.substr(done, match.begin - done);
      if (match.id < 0) break;
      flush();
      out.push_back(match.id);
      done = match.begin + match.length;
    }
  }
  flush();
  return out;
}

std::string VocabularyTokenizer::piece(TokenId id, bool special) const {
  if (!vocabulary_.known(id) || (!special && is_control(id))) return {};
  return std::string(vocabulary_.bytes(id));
}

}  // namespace hadal
