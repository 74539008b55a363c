#pragma once

#include <QList>
#include <vector>

#include "app/inference/inference_service.h"
#include "hadal/model.h"
#include "hadal/reasoning.h"

namespace hadal {

struct EncodedPrompt {
  std::vector<TokenId> tokens;
  AnswerParser parser;  ///< In the state in which the answer begins.
};

/// The tokens of a conversation as the model's template puts it, ready for the answer. With `continueLast` the last
/// message is how the answer begins: its turn stays open behind its text. An answer that has thinking but no text yet
/// goes on inside its thinking. That holds for every template: what it writes before an answer comes first, then
/// <think> unless that was it, the thinking, </think> and the text.
///
/// What a person typed never becomes a control token: a message that spells one, such as <|im_end|>, is encoded as
/// plain text, so that it cannot end its own turn and speak as somebody else.
Result<EncodedPrompt> encodePrompt(const Model& model, const QList<PromptMessage>& messages, bool continueLast = false);

/// What ends thinking in a model's own words, as tokens.
Result<std::vector<TokenId>> thinkingEnd(const Model& model);
inline constexpr auto kThinkingEnd = "\n</think>\n\n";

}  // namespace hadal
