#include "text/builtin_templates.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_set>

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
    if (const auto tokens = file.strings("tokenizer.ggml.tokens")) tokens_.insert(tokens->begin(), tokens->end());
  }

  bool token(std::string_view spelling) const { return tokens_.contains(spelling); }
  bool named(std::string_view part) const { return name_.find(part) != std::string::npos; }
  bool architecture(std::string_view name) const { return architecture_ == name; }
  bool splits(std::string_view name) const { return splits_ == name; }
  bool sentence_pieces() const { return tokenizer_ == "llama"; }

 private:
  std::string name_, architecture_, tokenizer_, splits_;
  std::unordered_set<std::string_view> tokens_;
};

std::string_view choose(const Signs& signs, std::string& why) {
  if (signs.token("<｜User｜>") && signs.token("<｜Assistant｜>")) {
    why = "its vocabulary has <｜User｜> and <｜Assistant｜>";
    if (signs.named("v3.1")) return "deepseek-v3.1";
    // The distills are Qwens and Llamas with DeepSeek's tokens.
    return signs.named("r1") || !signs.architecture("deepseek2") ? "deepseek-r1" : "deepseek-v3";
  }
  if (signs.splits("deepseek-coder")) {
    why = "its text is split as DeepSeek-Coder's";
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
