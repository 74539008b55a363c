#include "text/builtin_templates.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>

#include "base/text.h"

namespace hadal {
namespace {

// The formats are facts of the models (DeepSeek's papers and model cards, Meta's and Mistral's documentation).
constexpr std::array<BuiltinTemplate, 11> kTemplates = {{
    {"deepseek-coder",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n' }}
{%- elif m.role == 'assistant' %}{{ '### Response:\n' ~ (m.content or '') ~ '\n<|EOT|>\n' }}
{%- else %}{{ '### Instruction:\n' ~ (m.content or '') ~ '\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '### Response:\n' }}{% endif %})"},
    {"deepseek-v2",
     // No space behind the last colon: DeepSeek-V2-Lite answers worse with one.
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n\n' }}
{%- elif m.role == 'assistant' %}{{ 'Assistant: ' ~ (m.content or '') ~ eos_token }}
{%- else %}{{ 'User: ' ~ (m.content or '') ~ '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ 'Assistant:' }}{% endif %})"},
    {"deepseek-v3",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ '<｜Assistant｜>' ~ (m.content or '') ~ eos_token }}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %})"},
    {"deepseek-r1",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ '<｜Assistant｜>' ~ (m.content or '').split('</think>')[-1] ~ eos_token }}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %})"},
    {"deepseek-v3.1",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ '<｜Assistant｜></think>' ~ (m.content or '').split('</think>')[-1] ~ eos_token }}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<｜Assistant｜>' ~ ('<think>' if thinking else '</think>') }}{% endif %})"},
    {"chatml",
     R"({% for m in messages %}{{ '<|im_start|>' ~ m.role ~ '\n' ~ (m.content or '') ~ '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})"},
    {"llama-3",
     R"({{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' ~ (m.content or '') | trim ~ '<|eot_id|>' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})"},
    {"llama-2",
     R"({% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}
{%- set ns.system = '<<SYS>>\n' ~ (m.content or '') | trim ~ '\n<</SYS>>\n\n' %}
{%- elif m.role == 'assistant' %}{{ ' ' ~ (m.content or '') | trim ~ ' ' ~ eos_token }}
{%- else %}{{ bos_token ~ '[INST] ' ~ ns.system ~ (m.content or '') | trim ~ ' [/INST]' }}{% set ns.system = '' %}{% endif %}{% endfor %})"},
    {"mistral",
     R"({{ bos_token }}{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}
{%- set ns.system = (m.content or '') ~ '\n\n' %}
{%- elif m.role == 'assistant' %}{{ (m.content or '') ~ eos_token }}
{%- else %}{{ '[INST] ' ~ ns.system ~ (m.content or '') ~ ' [/INST]' }}{% set ns.system = '' %}{% endif %}{% endfor %})"},
    {"alpaca",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n\n' }}
{%- elif m.role == 'assistant' %}{{ '### Response:\n' ~ (m.content or '') ~ eos_token ~ '\n\n' }}
{%- else %}{{ '### Instruction:\n' ~ (m.content or '') ~ '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '### Response:\n' }}{% endif %})"},
    {"plain",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n\n' }}
{%- elif m.role == 'assistant' %}{{ 'Assistant: ' ~ (m.content or '') ~ '\n\n' }}
{%- else %}{{ 'User: ' ~ (m.content or '') ~ '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ 'Assistant:' }}{% endif %})"},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// What the file says about the model; what is missing or malformed says nothing.
class Signs {
 public:
  explicit Signs(const Checkpoint& file) {
    const auto text = [&](std::string_view key) {
      const auto value = file.string_or(key, "");
      return value ? lower(*value) : std::string();
    };
    name_ = text("general.name") + " " + lower(file.name());
    architecture_ = text("general.architecture");
    tokenizer_ = text("tokenizer.ggml.model");
    splits_ = text("tokenizer.ggml.pre");
    if (const auto tokens = file.strings("tokenizer.ggml.tokens")) {
      for (std::size_t i = 0; i < tokens->size(); ++i) tokens_.emplace((*tokens)[i], i);
    }
  }

  bool token(std::string_view spelling) const { return tokens_.contains(spelling); }
  /// The token's place in the vocabulary.
  bool token_at(std::string_view spelling, std::size_t id) const {
    const auto found = tokens_.find(spelling);
    return found != tokens_.end() && found->second == id;
  }
  bool named(std::string_view part) const { return name_.find(part) != std::string::npos; }
  /// The same between characters that are neither letters nor digits: "r1", but not the one in "lr16".
  bool named_word(std::string_view word) const {
    const auto apart = [&](std::size_t at) {
      return at >= name_.size() || std::isalnum(static_cast<unsigned char>(name_[at])) == 0;
    };
    for (auto at = name_.find(word); at != std::string::npos; at = name_.find(word, at + 1)) {
      if ((at == 0 || apart(at - 1)) && apart(at + word.size())) return true;
    }
    return false;
  }
  bool architecture(std::string_view name) const { return architecture_ == name; }
  bool splits(std::string_view name) const { return splits_ == name; }
  bool sentence_pieces() const { return tokenizer_ == "llama"; }

 private:
  std::string name_, architecture_, tokenizer_, splits_;
  std::unordered_map<std::string_view, std::size_t> tokens_;  ///< With their ids.
};

/// For vocabularies that have <｜User｜> and <｜Assistant｜>.
std::string_view choose_turns(const Signs& signs, std::string& why) {
  why = "its vocabulary has <｜User｜> and <｜Assistant｜>";
  // The distills are Qwens and Llamas with DeepSeek's tokens; all of them were distilled from R1.
  if (!signs.architecture("deepseek2")) return "deepseek-r1";
  const std::string vocabulary = why;
  for (const auto& [word, name] : {std::pair{"v3.1", "deepseek-v3.1"}, std::pair{"r1", "deepseek-r1"},
                                   std::pair{"v3", "deepseek-v3"}, std::pair{"v2.5", "deepseek-v3"}}) {
    if (!signs.named_word(word)) continue;
    why = concat(vocabulary, ", and its name says ", word);
    return name;
  }
  // V3 has unused tokens where its successors, which think, have these.
  if (!signs.token("<think>")) return "deepseek-v3";
  why = concat(vocabulary, ", and <think>");
  return "deepseek-r1";
}

std::string_view choose(const Signs& signs, std::string& why) {
  // V2 and Coder-V2 have the tokens <｜User｜> and <｜Assistant｜> as well, but were not trained with them before V2.5.
  const bool second = signs.splits("deepseek-llm") || signs.token_at("<｜end▁of▁sentence｜>", 100001);
  const bool turns = signs.token("<｜User｜>") && signs.token("<｜Assistant｜>");
  if (second && !(turns && signs.named_word("v2.5"))) {
    why = "its vocabulary is that of DeepSeek LLM and V2";
    return "deepseek-v2";
  }
  if (turns) return choose_turns(signs, why);
  if (signs.splits("deepseek-coder") || (signs.token("<｜end▁of▁sentence｜>") && signs.token("<|EOT|>"))) {
    why = signs.splits("deepseek-coder") ? "its text is split as DeepSeek-Coder's"
                                         : "its vocabulary has <｜end▁of▁sentence｜> and <|EOT|>";
    return "deepseek-coder";
  }
  if (signs.token("<｜end▁of▁sentence｜>")) {
    why = "its vocabulary has <｜end▁of▁sentence｜>";
    return "deepseek-v2";
  }
  if (signs.token("<|im_start|>")) {
    why = "its vocabulary has <|im_start|>";
    return "chatml";
  }
  if (signs.token("<|start_header_id|>")) {
    why = "its vocabulary has <|start_header_id|>";
    return "llama-3";
  }
  if (signs.token("[INST]") || signs.named("mistral") || signs.named("mixtral")) {
    why = signs.token("[INST]") ? "its vocabulary has [INST]" : "its name says Mistral";
    return "mistral";
  }
  for (const std::string_view family : {"alpaca", "wizardcoder", "phind"}) {
    if (!signs.named(family)) continue;
    why = concat("its name says ", family);
    return "alpaca";
  }
  if (signs.architecture("llama") && signs.sentence_pieces()) {
    why = "it is a Llama with a SentencePiece vocabulary";
    return "llama-2";
  }
  why = "nothing tells what it was trained on";
  return "plain";
}

}  // namespace

const BuiltinTemplate* find_builtin_template(std::string_view name) {
  const auto found = std::ranges::find(kTemplates, name, &BuiltinTemplate::name);
  return found == kTemplates.end() ? nullptr : &*found;
}

const BuiltinTemplate& builtin_template(const Checkpoint& file, std::string& why) {
  return *find_builtin_template(choose(Signs(file), why));
}

}  // namespace hadal
