#pragma once

#include <span>

#include "hadal/sampling.h"

namespace hadal {

/// ln softmax(logits) of `chosen` and of the `count` likeliest tokens; logits that are no numbers do not take part.
TokenLogprobs token_logprobs(std::span<const float> logits, TokenId chosen, int count);

/// ln of the sum of e^logit, in double; -infinity if there is no number.
double log_sum_exp(std::span<const float> logits);

}  // namespace hadal
