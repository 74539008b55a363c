#pragma once

#include <cstddef>
#include <span>

#include "hadal/tokenizer.h"

namespace hadal {

/// Tokens whose weights vocabulary_weights() adds up together.
inline constexpr std::size_t weight_block = 1024;

/// The highest logit's token, the lower id on a tie; -1 if none is a number.
TokenId highest_logit(std::span<const float> logits);

/// sums[b] = the sum of e^((logits[i] - top) / temperature) over the tokens i of block b; `sums` has one element for
/// every block, also the last, shorter one. Logits below `lowest`, and those that are no numbers, weigh nothing. `top`
/// is the highest of them and finite. In the processor's best vectors; the last bits differ from one to the other.
void vocabulary_weights(std::span<const float> logits, float top, float temperature, float lowest,
                        std::span<double> sums);

}  // namespace hadal
