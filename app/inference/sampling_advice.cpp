#include "app/inference/sampling_advice.h"

#include <QRegularExpression>

namespace hadal {

namespace {

/// A row fits if everything it names does. The first that fits is taken.
struct Row {
  const char* family;
  const char* architecture;            ///< Null: any.
  const char* names;                   ///< A pattern, case of no account. Null: any.
  enum Marks { Any, Thinking } marks;  ///< Thinking: DeepSeek's marks, and <think> before the answer.
  std::optional<float> temperature;
  std::optional<int> topK;
  std::optional<float> topP;
  bool noSystemPrompt = false;
};

constexpr std::nullopt_t unsaid = std::nullopt;

const Row kRows[] = {
    // deepseek-ai/DeepSeek-R1, README, "Usage Recommendations": 0.5 to 0.7, best 0.6, no system prompt; top-p 0.95 is
    // what its evaluation and generation_config.json use. The distills share the page.
    {"DeepSeek-R1", nullptr, "deepseek[-_ ]?r1|\\br1[-_ ]distill", Row::Any, 0.6F, unsaid, 0.95F, true},
    // A file of another name whose vocabulary and template are R1's.
    {"DeepSeek-R1", nullptr, nullptr, Row::Thinking, 0.6F, unsaid, 0.95F, true},
    // deepseek-ai/deepseek-coder, README, "Chat Model Inference": do_sample=False.
    {"DeepSeek-Coder", nullptr, "deepseek[-_ ]?coder", Row::Any, 0.0F, unsaid, unsaid},
    // deepseek-ai/DeepSeek-V2-Lite-Chat, generation_config.json.
    {"DeepSeek-V2", nullptr, "deepseek[-_ ]?v2", Row::Any, 0.3F, unsaid, 0.95F},
    // deepseek-ai/deepseek-llm-7b-chat, generation_config.json.
    {"DeepSeek LLM", nullptr, "deepseek[-_ ]?(llm|7b|67b)", Row::Any, 0.7F, unsaid, 0.95F},
    // Qwen/QwQ-32B, README, "Usage Guidelines": top-k 20 to 40.
    {"QwQ", nullptr, "\\bqwq\\b", Row::Any, 0.6F, 40, 0.95F},
    // Qwen/Qwen3-4B-Instruct-2507 and Qwen3-Coder, README, "Best Practices": models that do not think.
    {"Qwen3", nullptr, "qwen[-_ ]?3.*(instruct|coder)", Row::Any, 0.7F, 20, 0.8F},
    // Qwen/Qwen3-8B, README, "Best Practices": thinking mode, which is the templates' default.
    {"Qwen3", "qwen3", nullptr, Row::Any, 0.6F, 20, 0.95F},
    // Qwen/Qwen2.5-7B-Instruct and Qwen2-7B-Instruct, generation_config.json.
    {"Qwen2", "qwen2", nullptr, Row::Any, 0.7F, 20, 0.8F},
    // HuggingFaceTB/SmolLM3-3B, README.
    {"SmolLM3", nullptr, "smollm[-_ ]?3", Row::Any, 0.6F, unsaid, 0.95F},
    // HuggingFaceTB/SmolLM2-135M-Instruct, README, "How to use".
    {"SmolLM", nullptr, "smollm", Row::Any, 0.2F, unsaid, 0.9F},
    // mistralai/Mistral-Nemo-Instruct-2407, README: smaller temperatures than Mistral's earlier models.
    {"Mistral Nemo", nullptr, "mistral[-_ ]?nemo", Row::Any, 0.3F, unsaid, unsaid},
    // mistralai/Mistral-Small-24B-Instruct-2501 and later, README.
    {"Mistral Small", nullptr, "mistral[-_ ]?small", Row::Any, 0.15F, unsaid, unsaid},
    // docs.mistral.ai, API reference, chat completion: between 0.0 and 0.7 is recommended; 0.7 was the default of the
    // 7B models.
    {"Mistral", nullptr, "mistral|mixtral", Row::Any, 0.7F, unsaid, unsaid},
    // bigcode/starcoder2, README, evaluation of completions.
    {"StarCoder2", "starcoder2", nullptr, Row::Any, 0.2F, unsaid, 0.95F},
    // meta-llama/Meta-Llama-3-8B-Instruct, 3.1, 3.2 and Llama-2-7b-chat-hf, generation_config.json.
    {"Llama", "llama", "llama[-_ ]?[23]|llama[-_ ]?v[23]", Row::Any, 0.6F, unsaid, 0.9F},
};

bool fits(const Row& row, const ModelTraits& traits) {
  if (row.architecture && traits.architecture != QLatin1String(row.architecture)) return false;
  if (row.marks == Row::Thinking && !(traits.deepseekTokens && traits.beginsThinking)) return false;
  if (!row.names) return true;
  const QRegularExpression names(QString::fromLatin1(row.names), QRegularExpression::CaseInsensitiveOption);
  return names.match(traits.names).hasMatch();
}

}  // namespace

SamplingAdvice samplingAdvice(const ModelTraits& traits) {
  // The pre-tokenizer of the Qwen distills has a name of its own.
  ModelTraits known = traits;
  if (known.tokenizer.contains(QLatin1String("deepseek-r1"))) known.names += QStringLiteral(" deepseek-r1");
  for (const Row& row : kRows) {
    if (!fits(row, known)) continue;
    return {QString::fromLatin1(row.family), row.temperature, row.topK, row.topP, row.noSystemPrompt};
  }
  return {};
}

}  // namespace hadal
