#pragma once

#include "app/inference/inference_service.h"

namespace hadal {

/// What the model is told before it answers: the system prompt, if any, then the branch up to the question.
///
/// Questions that were refused as too long are left out with their empty answers, or every later question would be
/// refused as well. Questions whose answer was stopped before its first word stay, joined with the next one, because
/// templates expect that the roles take turns. Answers carry their thinking; the model's template decides whether it is
/// seen again, and most leave it out. One that ends the branch inside its thinking is to be gone on with.
QList<PromptMessage> buildPrompt(const QString& systemPrompt, const QList<Message>& branch);

}  // namespace hadal
