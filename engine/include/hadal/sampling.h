#pragma once

#include <cstdint>
#include <vector>

#include "hadal/tokenizer.h"

namespace hadal {

/// Added to one token's logit before anything else; -infinity forbids the token.
struct LogitBias {
  TokenId token = 0;
  float bias = 0.0F;
};

/// How the next token is chosen from the model's logits. The steps come in the order of the members below, from
/// logit_bias to typical_p, which is the order of transformers' generate(); a step at its default does nothing.
///
/// "Tokens so far" are those of the prompt and of the answer; penalties look at the last `penalty_window` of them.
struct SamplingOptions {
  /// 0: greedy (the highest logit; the lower id on a tie): then only logit_bias, the penalties and the request's
  /// grammar have a say. Otherwise logits are divided by it after the penalties and the grammar.
  float temperature = 0.0F;

  std::vector<LogitBias> logit_bias{};  ///< logit += bias (OpenAI API, logit_bias).
  /// Of tokens so far: logit / penalty where it is positive, logit * penalty where not (Keskar et al. 2019, "CTRL",
  /// section 4.1, as transformers' RepetitionPenaltyLogitsProcessor applies it). Above 0; 1: off.
  float repetition_penalty = 1.0F;
  /// Of tokens that occur c times in the answer so far: logit -= c * frequency_penalty, and if c > 0 also
  /// logit -= presence_penalty (OpenAI API, "Frequency and presence penalties"). 0: off.
  float frequency_penalty = 0.0F;
  float presence_penalty = 0.0F;
  int penalty_window = 0;  ///< Tokens the three penalties look back; 0: all.

  int top_k = 0;       ///< Only the k highest; 0: off.
  float top_p = 1.0F;  ///< Nucleus: the smallest set of likeliest tokens whose probability reaches top_p; 1: off.
  /// Only tokens at least min_p times as likely as the likeliest (Nguyen et al. 2024, "Min-p sampling"); 0: off.
  float min_p = 0.0F;
  /// Locally typical sampling (Meister et al. 2022): of what is left, the smallest set of tokens whose information
  /// -ln p is closest to the entropy and whose probability reaches typical_p; 1: off.
  float typical_p = 1.0F;

  std::uint64_t seed = 0;  ///< The same seed, prompt and model give the same answer on the same device.

  /// Report the log-probability of each chosen token and of this many likeliest ones (0: of the chosen alone;
  /// 100 at most); -1: none. They are the model's own, ln softmax(logits), before any of the steps above.
  int logprobs = -1;
};

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0.0F;
};

/// What the model thought of one generated token.
struct TokenLogprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> likeliest;  ///< Highest first; the lower id first on a tie.
};

}  // namespace hadal
