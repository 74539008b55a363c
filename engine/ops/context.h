#pragma once

#include <cstddef>

#include "base/compute_pool.h"

namespace hadal::ops {

/// Which twin of an operation runs.
enum class Backend { reference, cpu };

/// What every operation needs besides its operands. The pool outlives the context; one operation at a time uses it.
/// The twins themselves, `reference::` and `cpu::`, are declared beside each operation for the tests that compare them.
struct Context {
  ComputePool& pool;
  Backend backend;
  std::size_t cpu_target;  ///< Backend::cpu: CpuTarget::index of the variant to run.
};

}  // namespace hadal::ops
