#pragma once

#include "base/compute_pool.h"

namespace hadal::ops {

/// Which twin of an operation runs.
enum class Backend { reference, cpu };

/// What every operation needs besides its operands. The pool outlives the context; one operation at a time uses it.
struct Context {
  ComputePool& pool;
  Backend backend;
};

}  // namespace hadal::ops
