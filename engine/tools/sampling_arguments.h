#pragma once

#include <array>

#include "hadal/sampling.h"
#include "tools/arguments.h"

namespace hadal::tools {

inline constexpr std::array sampling_option_list = {
    Option{"--temperature", "T", "0: always the likeliest token (default: 0)"},
    Option{"--seed", "N", "The same seed gives the same answer (default: 0)"},
    Option{"--top-k", "K", "Of the K likeliest tokens only; 0: of all (default: 0)"},
    Option{"--top-p", "P", "Of the likeliest tokens that together reach P (default: 1)"},
    Option{"--min-p", "P", "Of tokens at least P times as likely as the likeliest (default: 0)"},
    Option{"--typical-p", "P", "Of the most typical tokens that together reach P (default: 1)"},
    Option{"--repetition-penalty", "X", "Divides the logits of tokens that were there before (default: 1)"},
    Option{"--frequency-penalty", "X", "Taken off a token's logit for each time the answer has it (default: 0)"},
    Option{"--presence-penalty", "X", "Taken off a token's logit once the answer has it (default: 0)"},
    Option{"--penalty-window", "N", "Tokens the penalties look back; 0: all (default: 0)"},
    Option{"--logit-bias", "ID=X", "Added to the token's logit, -inf forbids it; may be given more than once", true},
    Option{"--logprobs", "N", "Report each token's log-probability and the N likeliest with --json"},
};

/// Of the options above; their ranges are those of SamplingOptions.
Result<SamplingOptions> sampling_options(const Arguments& arguments);

}  // namespace hadal::tools
