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
  SamplingValues values;
  bool noSystemPrompt = false;
};

// Each row was looked up where it says. What a page gives as the way to run the model counts as advice; what some
// server takes by default does not, so Mistral's 7B and Mixtral, base models and DeepSeek-V3 have no row.
const Row kRows[] = {
    // deepseek-ai/DeepSeek-R1, README, "Usage Recommendations": 0.5 to 0.7, best 0.6, no system prompt; 0.6 and top-p
    // 0.95 in generation_config.json, also of the distills (DeepSeek-R1-Distill-Qwen-7B).
    {"DeepSeek-R1",
     nullptr,
     "deepseek[-_ ]?r1|\\br1[-_ ]distill",
     Row::Any,
     {.temperature = 0.6F, .topP = 0.95F},
     true},
    // A file of another name whose vocabulary and template are R1's.
    {"DeepSeek-R1", nullptr, nullptr, Row::Thinking, {.temperature = 0.6F, .topP = 0.95F}, true},
    // deepseek-ai/DeepSeek-Coder, README, "Chat Model Inference", and DeepSeek-Coder-V2-Lite-Instruct, README, "Chat
    // Completion": do_sample=False.
    {"DeepSeek-Coder", nullptr, "deepseek[-_ ]?coder", Row::Any, {.temperature = 0.0F}},
    // deepseek-ai/DeepSeek-V2, DeepSeek-V2-Lite and DeepSeek-V2.5, generation_config.json.
    {"DeepSeek-V2", nullptr, "deepseek[-_ ]?v2", Row::Any, {.temperature = 0.3F, .topP = 0.95F}},
    // deepseek-ai/deepseek-llm-7b-chat and -67b-chat, generation_config.json.
    {"DeepSeek LLM",
     nullptr,
     "deepseek[-_ ]?(llm[-_ ]?)?(7|67)b[-_ ]?chat",
     Row::Any,
     {.temperature = 0.7F, .topP = 0.95F}},
    // Qwen/QwQ-32B, README, "Usage Guidelines": top-k 20 to 40, min-p 0.
    {"QwQ",
     nullptr,
     "(^|[^a-z])qwq([^a-z]|$)",
     Row::Any,
     {.temperature = 0.6F, .topK = 40, .topP = 0.95F, .minP = 0.0F}},
    // Qwen/Qwen3-Coder-30B-A3B-Instruct, README, "Best Practices".
    {"Qwen3-Coder",
     nullptr,
     "qwen[-_ ]?3.*coder",
     Row::Any,
     {.temperature = 0.7F, .topK = 20, .topP = 0.8F, .repetitionPenalty = 1.05F}},
    // Qwen/Qwen3-4B-Instruct-2507, README, "Best Practices": a model that does not think.
    {"Qwen3",
     nullptr,
     "qwen[-_ ]?3.*instruct",
     Row::Any,
     {.temperature = 0.7F, .topK = 20, .topP = 0.8F, .minP = 0.0F}},
    // Qwen/Qwen3-8B, README, "Best Practices": thinking mode, which is the templates' default.
    {"Qwen3", nullptr, "qwen[-_ ]?3", Row::Any, {.temperature = 0.6F, .topK = 20, .topP = 0.95F, .minP = 0.0F}},
    // Qwen/Qwen2-0.5B-Instruct, generation_config.json: a stronger penalty than its larger siblings have.
    {"Qwen2",
     nullptr,
     "qwen[-_ ]?2.*0[._]5b.*instruct",
     Row::Any,
     {.temperature = 0.7F, .topK = 20, .topP = 0.8F, .repetitionPenalty = 1.1F}},
    // Qwen/Qwen2.5-7B-Instruct and Qwen2.5-Coder-32B-Instruct, generation_config.json.
    {"Qwen2",
     nullptr,
     "qwen[-_ ]?2.*instruct",
     Row::Any,
     {.temperature = 0.7F, .topK = 20, .topP = 0.8F, .repetitionPenalty = 1.05F}},
    // HuggingFaceTB/SmolLM3-3B, README, "How to use".
    {"SmolLM3", nullptr, "smollm[-_ ]?3", Row::Any, {.temperature = 0.6F, .topP = 0.95F}},
    // HuggingFaceTB/SmolLM2-135M-Instruct and -1.7B-Instruct, README, "How to use".
    {"SmolLM2", nullptr, "smollm[-_ ]?2", Row::Any, {.temperature = 0.2F, .topP = 0.9F}},
    // mistralai/Mistral-Nemo-Instruct-2407, README: smaller temperatures than Mistral's earlier models, 0.3.
    {"Mistral Nemo", nullptr, "mistral[-_ ]?nemo", Row::Any, {.temperature = 0.3F}},
    // mistralai/Mistral-Small-24B-Instruct-2501, README, "Usage", and its successors 3.1 and 3.2; not the 22B before.
    {"Mistral Small", nullptr, "mistral[-_ ]?small[-_ ]?(3|24b)", Row::Any, {.temperature = 0.15F}},
    // bigcode/starcoder2-15b-instruct-v0.1, README, "Use": do_sample=False.
    {"StarCoder2", nullptr, "starcoder[-_ ]?2.*instruct", Row::Any, {.temperature = 0.0F}},
    // meta-llama/Meta-Llama-3-8B-Instruct, Llama-3.1-8B-Instruct and Llama-2-7b-chat-hf, generation_config.json.
    {"Llama", "llama", "llama[-_ ]?(v?2.*chat|v?3.*instruct)", Row::Any, {.temperature = 0.6F, .topP = 0.9F}},
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
    return {row.values, QString::fromLatin1(row.family), row.noSystemPrompt};
  }
  return {};
}

}  // namespace hadal
