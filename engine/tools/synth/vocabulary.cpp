#include "tools/synth/vocabulary.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "base/text.h"
#include "text/builtin_templates.h"
#include "text/byte_level.h"

namespace hadal::tools {
namespace {

// tokenizer.ggml.token_type (llama.cpp, llama_token_type)
constexpr std::int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;

struct Special {
  std::uint32_t id;
  std::string_view spelling;
  std::int32_t type = kControl;
};

// Ids and spellings from the models' tokenizer.json.
constexpr Special kV2[] = {{100000, "<｜begin▁of▁sentence｜>"}, {100001, "<｜end▁of▁sentence｜>"}};
constexpr Special kCoderV2[] = {
    {100000, "<｜begin▁of▁sentence｜>"}, {100001, "<｜end▁of▁sentence｜>"}, {100002, "<｜fim▁hole｜>"},
    {100003, "<｜fim▁begin｜>"},         {100004, "<｜fim▁end｜>"},
};
constexpr Special kV3[] = {
    {0, "<｜begin▁of▁sentence｜>"},
    {1, "<｜end▁of▁sentence｜>"},
    {2, "<｜▁pad▁｜>"},
    {128798, "<think>", kUserDefined},
    {128799, "</think>", kUserDefined},
    {128800, "<｜fim▁hole｜>"},
    {128801, "<｜fim▁begin｜>"},
    {128802, "<｜fim▁end｜>"},
    {128803, "<｜User｜>"},
    {128804, "<｜Assistant｜>"},
    {128805, "<|EOT|>"},
    {128806, "<｜tool▁calls▁begin｜>"},
    {128807, "<｜tool▁calls▁end｜>"},
    {128808, "<｜tool▁call▁begin｜>"},
    {128809, "<｜tool▁call▁end｜>"},
    {128810, "<｜tool▁outputs▁begin｜>"},
    {128811, "<｜tool▁outputs▁end｜>"},
    {128812, "<｜tool▁output▁begin｜>"},
    {128813, "<｜tool▁output▁end｜>"},
    {128814, "<｜tool▁sep｜>"},
};
constexpr Special kVl2[] = {
    {0, "<｜begin▁of▁sentence｜>"},
    {1, "<｜end▁of▁sentence｜>"},
    {2, "<｜▁pad▁｜>"},
    {128815, "<image>"},
    {128816, "<|ref|>"},
    {128817, "<|/ref|>"},
    {128818, "<|det|>"},
    {128819, "<|/det|>"},
    {128820, "<|grounding|>"},
    {128821, "<|User|>"},
    {128822, "<|Assistant|>"},
};
constexpr Special kQwen[] = {
    {151643, "<｜end▁of▁sentence｜>"},   {151644, "<｜User｜>"}, {151645, "<｜Assistant｜>"},
    {151646, "<｜begin▁of▁sentence｜>"}, {151647, "<|EOT|>"},    {151648, "<think>", kUserDefined},
    {151649, "</think>", kUserDefined},
};

constexpr std::string_view kVl2Template =
    R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n\n' }}
{%- elif m.role == 'assistant' %}{{ '<|Assistant|>: ' ~ (m.content or '') ~ eos_token }}
{%- else %}{{ '<|User|>: ' ~ (m.content or '') ~ '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|Assistant|>:' }}{% endif %})";

struct Family {
  std::string_view splits;  ///< tokenizer.ggml.pre
  std::span<const Special> specials;
  std::uint32_t first = 0;    ///< Id of the first ordinary token...
  std::uint32_t behind = 0;   ///< ... and of what follows the last.
  std::string_view built_in;  ///< Name of its chat template; empty: VL2's.
};

Family family_of(TokenFamily family) {
  switch (family) {
    case TokenFamily::deepseek_v2:
      return {"deepseek-llm", kV2, 0, 100000, "deepseek-v2"};
    case TokenFamily::deepseek_coder_v2:
      return {"deepseek-llm", kCoderV2, 0, 100000, "deepseek-v2"};
    case TokenFamily::deepseek_v3:
      return {"deepseek-v3", kV3, 3, 128000, "deepseek-v3"};
    case TokenFamily::deepseek_vl2:
      return {"deepseek-v3", kVl2, 3, 128000, ""};
    case TokenFamily::distilled_qwen:
      return {"deepseek-r1-qwen", kQwen, 0, 151643, "deepseek-r1"};
  }
  return {};
}

/// Ordinary tokens: bytes, then merges of what is there already.
class Merges {
 public:
  explicit Merges(std::size_t most) : most_(most) {
    for (int byte = 0; byte < 256; ++byte) spellings_.push_back(to_byte_level(static_cast<std::uint8_t>(byte)));
    add_chinese();
    add_words();
  }

  std::vector<std::string> spellings_;  ///< As byte-level vocabularies write them.
  std::vector<std::string> merges_;     ///< "left right", in the order in which they were learnt.

 private:
  const std::string& byte(unsigned value) const { return spellings_[value]; }
  bool full() const { return spellings_.size() == most_; }

  void merge(const std::string& left, const std::string& right) {
    if (full()) return;
    merges_.push_back(concat(left, " ", right));
    spellings_.push_back(left + right);
  }

  /// U+4E00 to U+9FFF as UTF-8: E4 B8 80 to E9 BF BF. The first two bytes of each, then the characters themselves.
  void add_chinese() {
    std::vector<std::string> heads;
    for (unsigned row = 0x4E00; row < 0xA000; row += 64) {
      merge(byte(0xE0U | row >> 12), byte(0x80U | (row >> 6 & 0x3FU)));
      heads.push_back(spellings_.back());
    }
    for (const std::string& head : heads) {
      for (unsigned last = 0x80; last < 0xC0; ++last) merge(head, byte(last));
    }
  }

  /// Every token of letters, with or without a space before, grown by one letter, the most frequent of English first;
  /// tokens come by length. Runs of digits, signs and capitals stay bytes.
  void add_words() {
    constexpr std::string_view letters = "etaoinshrdlcumwfgypbvkjxqz";
    std::deque<std::string> grown{byte(' ')};
    for (const char letter : letters) grown.push_back(byte(static_cast<unsigned char>(letter)));
    while (!full()) {
      const std::string word = std::move(grown.front());
      grown.pop_front();
      for (const char letter : letters) {
        if (full()) return;
        merge(word, byte(static_cast<unsigned char>(letter)));
        grown.push_back(spellings_.back());
      }
    }
  }

  std::size_t most_;
};

}  // namespace

void describe_vocabulary(TokenFamily kind, std::uint64_t size, GgufPlan& plan) {
  const Family family = family_of(kind);
  Merges ordinary(family.behind - family.first);
  std::vector<std::string> tokens(size);
  std::vector<std::int32_t> types(size, kUnused);
  for (std::size_t id = 0; id < size; ++id) tokens[id] = concat("[PAD", id, "]");
  for (std::size_t i = 0; i < ordinary.spellings_.size(); ++i) {
    tokens[family.first + i] = std::move(ordinary.spellings_[i]);
    types[family.first + i] = kNormal;
  }
  std::uint32_t bos = 0, eos = 0;
  for (const Special& special : family.specials) {
    tokens[special.id] = special.spelling;
    types[special.id] = special.type;
    if (special.spelling == "<｜begin▁of▁sentence｜>") bos = special.id;
    if (special.spelling == "<｜end▁of▁sentence｜>") eos = special.id;
  }
  plan.string("tokenizer.ggml.model", "gpt2");
  plan.string("tokenizer.ggml.pre", family.splits);
  plan.strings("tokenizer.ggml.tokens", tokens);
  plan.numbers<std::int32_t>("tokenizer.ggml.token_type", types);
  plan.strings("tokenizer.ggml.merges", ordinary.merges_);
  plan.number("tokenizer.ggml.bos_token_id", bos);
  plan.number("tokenizer.ggml.eos_token_id", eos);
  plan.number("tokenizer.ggml.padding_token_id", eos);
  plan.boolean("tokenizer.ggml.add_bos_token", true);
  plan.boolean("tokenizer.ggml.add_eos_token", false);
  const BuiltinTemplate* built_in = find_builtin_template(family.built_in);
  plan.string("tokenizer.chat_template", built_in != nullptr ? built_in->source : kVl2Template);
}

}  // namespace hadal::tools
