#include "text/builtin_templates.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>

#include "base/text.h"

namespace hadal {
namespace {

// The formats are facts of the models (DeepSeek's papers and model cards, Meta's and Mistral's documentation).
constexpr std::array<BuiltinTemplate, 12> kTemplates = {{
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
    // Tool calls and what they gave come as in DeepSeek's own templates, which describe no tools: the system prompt
    // does.
    {"deepseek-v3",
     R"({{ bos_token }}{%- macro calls(m) %}{{ '<｜tool▁calls▁begin｜>' }}{% for c in m.tool_calls %}{{ ('' if loop.first else '\n') ~ '<｜tool▁call▁begin｜>' ~ (c.type or 'function') ~ '<｜tool▁sep｜>' ~ c.function.name ~ '\n```json\n' }}
{{- c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}{{ '\n```<｜tool▁call▁end｜>' }}{% endfor %}{{ '<｜tool▁calls▁end｜>' }}{% endmacro %}
{%- set ns = namespace(outputs=false) %}{% for m in messages %}
{%- if m.role == 'tool' %}{{ ('\n' if ns.outputs else '<｜tool▁outputs▁begin｜>') ~ '<｜tool▁output▁begin｜>' ~ (m.content or '') ~ '<｜tool▁output▁end｜>' }}{% set ns.outputs = true %}
{%- else %}{% if ns.outputs %}{{ '<｜tool▁outputs▁end｜>' }}{% endif %}
{%- if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ ('' if ns.outputs else '<｜Assistant｜>') ~ (m.content or '') }}{% if m.tool_calls %}{{ calls(m) }}{% endif %}{{ eos_token }}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% endif %}{% set ns.outputs = false %}{% endif %}{% endfor %}
{%- if ns.outputs %}{{ '<｜tool▁outputs▁end｜>' }}
{%- elif add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %})"},
    {"deepseek-r1",
     R"({{ bos_token }}{%- macro calls(m) %}{{ '<｜tool▁calls▁begin｜>' }}{% for c in m.tool_calls %}{{ ('' if loop.first else '\n') ~ '<｜tool▁call▁begin｜>' ~ (c.type or 'function') ~ '<｜tool▁sep｜>' ~ c.function.name ~ '\n```json\n' }}
{{- c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}{{ '\n```<｜tool▁call▁end｜>' }}{% endfor %}{{ '<｜tool▁calls▁end｜>' }}{% endmacro %}
{%- set ns = namespace(outputs=false) %}{% for m in messages %}
{%- if m.role == 'tool' %}{{ ('\n' if ns.outputs else '<｜tool▁outputs▁begin｜>') ~ '<｜tool▁output▁begin｜>' ~ (m.content or '') ~ '<｜tool▁output▁end｜>' }}{% set ns.outputs = true %}
{%- else %}{% if ns.outputs %}{{ '<｜tool▁outputs▁end｜>' }}{% endif %}
{%- if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ ('' if ns.outputs else '<｜Assistant｜>') ~ (m.content or '').split('</think>')[-1] }}{% if m.tool_calls %}{{ calls(m) }}{% endif %}{{ eos_token }}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% endif %}{% set ns.outputs = false %}{% endif %}{% endfor %}
{%- if ns.outputs %}{{ '<｜tool▁outputs▁end｜>' }}
{%- elif add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %})"},
    {"deepseek-v3.1",
     R"({{ bos_token }}{% set ns = namespace(asked=false) %}{% for m in messages %}{% if m.role == 'system' %}{{ m.content or '' }}
{%- elif m.role == 'assistant' %}{{ ('<｜Assistant｜></think>' if ns.asked else '') ~ (m.content or '').split('</think>')[-1] }}
{%- if m.tool_calls %}{{ '<｜tool▁calls▁begin｜>' }}{% for c in m.tool_calls %}{{ '<｜tool▁call▁begin｜>' ~ c.function.name ~ '<｜tool▁sep｜>' }}
{{- c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}{{ '<｜tool▁call▁end｜>' }}{% endfor %}{{ '<｜tool▁calls▁end｜>' }}{% endif %}{{ eos_token }}{% set ns.asked = false %}
{%- elif m.role == 'tool' %}{{ '<｜tool▁output▁begin｜>' ~ (m.content or '') ~ '<｜tool▁output▁end｜>' }}{% set ns.asked = false %}
{%- else %}{{ '<｜User｜>' ~ (m.content or '') }}{% set ns.asked = true %}{% endif %}{% endfor %}
{%- if add_generation_prompt and ns.asked %}{{ '<｜Assistant｜>' ~ ('<think>' if thinking else '</think>') }}{% endif %})"},
    {"deepseek-vl2",
     R"({{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ (m.content or '') ~ '\n\n' }}
{%- elif m.role == 'assistant' %}{{ '<|Assistant|>: ' ~ (m.content or '') ~ eos_token }}
{%- else %}{{ '<|User|>: ' ~ (m.content or '') ~ '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|Assistant|>:' }}{% endif %})"},
    {"chatml",
     // Tools as Qwen's template and Hermes' have them.
     R"({% if tools %}{% set ns = namespace(skip=messages and messages[0].role == 'system') %}{{ '<|im_start|>system\n' ~ ((messages[0].content or '') ~ '\n\n' if ns.skip else '') }}
{{- "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>" }}
{%- for tool in tools %}{{ '\n' }}{{ tool | tojson }}{% endfor %}
{{- "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n" }}
{%- else %}{% set ns = namespace(skip=false) %}{% endif %}
{%- for m in messages %}{% if loop.first and ns.skip %}
{%- elif m.role == 'tool' %}{{ ('' if loop.previtem is defined and loop.previtem.role == 'tool' else '<|im_start|>user') ~ '\n<tool_response>\n' ~ (m.content or '') ~ '\n</tool_response>' }}
{%- if loop.last or loop.nextitem.role != 'tool' %}{{ '<|im_end|>\n' }}{% endif %}
{%- elif m.tool_calls %}{{ '<|im_start|>' ~ m.role ~ ('\n' ~ m.content if m.content else '') }}{% for c in m.tool_calls %}{{ '\n<tool_call>\n{"name": "' ~ c.function.name ~ '", "arguments": ' }}
{{- c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}{{ '}\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\n' }}
{%- else %}{{ '<|im_start|>' ~ m.role ~ '\n' ~ (m.content or '') ~ '<|im_end|>\n' }}{% endif %}{% endfor %}
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
  if (signs.token("<｜end▁of▁sentence｜>") && signs.token("<|User|>") && signs.token("<|Assistant|>")) {
    why = "its vocabulary has <|User|> and <|Assistant|>, as DeepSeek-VL2's";
    return "deepseek-vl2";
  }
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
