#pragma once

#include <vector>

#include "hadal/operation_time.h"
#include "ops/operation_log.h"

namespace hadal {

/// The log's entries with names for a person, the longest first.
std::vector<OperationTime> times_of(const ops::OperationLog& log);

}  // namespace hadal
