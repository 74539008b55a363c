#pragma once

#include <functional>
#include <span>

#include "hadal/model.h"
#include "models/importance_matrix.h"
#include "ops/context.h"

namespace hadal {

/// Lets the model read `ids` in windows of `window` tokens that know nothing of each other, the last one perhaps
/// shorter, and gathers what its matrices are multiplied with. `progress` is told the tokens done now and then; false
/// cancels. `context`'s observer is not used.
Result<ImportanceMatrix> gather_importance(const Model& model, ops::Context context, std::span<const TokenId> ids,
                                           std::int32_t window, const std::function<bool(std::size_t done)>& progress);

}  // namespace hadal
