#include "fuzz/entrances/vocabulary_text.h"

#include <cstdlib>

#include "engine/support/gguf_writer.h"

namespace hadal::test {
namespace {

constexpr std::string_view text_keys[] = {"model", "pre"};
constexpr std::string_view flag_keys[] = {"add_bos_token", "add_eos_token", "add_space_prefix"};

bool among(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

}  // namespace

VocabularyText::VocabularyText(Input input) : text_(input.section()) {
  for (Input lines(input.section()); !lines.empty();) {
    const std::string_view line = lines.line();
    const std::size_t space = std::min(line.find(' '), line.size());
    fields_.push_back({line.substr(0, space), line.substr(std::min(space + 1, line.size()))});
  }
  for (Input lines(input.section()); !lines.empty();) add_token(lines.line());
  for (Input lines(input.section()); !lines.empty();) merges_.emplace_back(lines.line());
}

void VocabularyText::add_token(std::string_view line) {
  float score = 0.0F;
  if (const std::size_t tab = line.find('\t'); tab != std::string_view::npos) {
    score = std::strtof(std::string(line.substr(0, tab)).c_str(), nullptr);
    scored_ = true;
    line.remove_prefix(tab + 1);
  }
  scores_.push_back(score);
  types_.push_back(line.empty() ? 1 : line.front() - '0');
  tokens_.emplace_back(line.substr(std::min<std::size_t>(1, line.size())));
}

std::string VocabularyText::file() const {
  GgufWriter writer;
  for (const Field& field : fields_) {
    const std::string key = std::string("tokenizer.ggml.") += field.key;
    if (among(text_keys, field.key)) {
      writer.text(key, field.value);
    } else if (among(flag_keys, field.key)) {
      writer.boolean(key, field.value == "1");
    } else {
      writer.u32(key, static_cast<std::uint32_t>(std::strtol(std::string(field.value).c_str(), nullptr, 10)));
    }
  }
  writer.texts("tokenizer.ggml.tokens", tokens_);
  writer.numbers<std::int32_t>("tokenizer.ggml.token_type", 5, types_);
  if (scored_) writer.numbers<float>("tokenizer.ggml.scores", 6, scores_);
  if (!scored_ || !merges_.empty()) writer.texts("tokenizer.ggml.merges", merges_);
  return writer.bytes();
}

}  // namespace hadal::test
