#pragma once

#include <QString>
#include <optional>

namespace hadal {

/// How words are chosen, as far as somebody said (hadal/sampling.h tells what each does).
struct SamplingValues {
  std::optional<float> temperature{};
  std::optional<int> topK{};
  std::optional<float> topP{};
  std::optional<float> minP{};
  std::optional<float> repetitionPenalty{};
  std::optional<float> frequencyPenalty{};
  std::optional<float> presencePenalty{};
};

/// How a model's makers say it should be asked. What is not set, they do not say.
struct SamplingAdvice : SamplingValues {
  QString family{};             ///< "DeepSeek-R1", for a person; empty: nothing is known of this model.
  bool noSystemPrompt = false;  ///< They advise against one.
};

/// What a model file says of itself, as far as it tells which model it is.
struct ModelTraits {
  QString architecture;         ///< "llama", "qwen2" ...
  QString names;                ///< The file's name and the name inside, in a row.
  QString tokenizer;            ///< ModelInfo::tokenizer: "gpt2/deepseek-r1-qwen".
  bool deepseekTokens = false;  ///< The vocabulary marks turns as DeepSeek's models do, <｜Assistant｜>.
  bool beginsThinking = false;  ///< The template puts <think> before the answer.
};

SamplingAdvice samplingAdvice(const ModelTraits& traits);

}  // namespace hadal
