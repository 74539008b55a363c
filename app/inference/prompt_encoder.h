#pragma once

#include <QList>
#include <vector>

#include "app/inference/inference_service.h"
#include "hadal/model.h"

namespace hadal {

/// The tokens of a conversation as the model's template puts it, ready for the answer. With `continueLast` the last
/// message is how the answer begins: its turn stays open behind its text.
///
/// What a person typed never becomes a control token: a message that spells one, such as <|im_end|>, is encoded as
/// plain text, so that it cannot end its own turn and speak as somebody else.
Result<std::vector<TokenId>> encodePrompt(const Model& model, const QList<PromptMessage>& messages,
                                          bool continueLast = false);

}  // namespace hadal
