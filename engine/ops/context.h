#pragma once

#include <cstddef>
#include <cstdint>

#include "base/compute_pool.h"
#include "tensor/view.h"

namespace hadal::ops {

/// Which twin of an operation runs.
enum class Backend { reference, cpu };

/// Sees what matrices are multiplied with: [tokens, w.cols] float32. Called by the thread that calls the operation,
/// before it returns.
class ActivationObserver {
 public:
  virtual ~ActivationObserver() = default;
  virtual void multiplied(const WeightView& w, const float* x, std::int64_t tokens) = 0;
};

class OperationLog;
class PackedMatrices;

/// What every operation needs besides its operands. The pool outlives the context; one operation at a time uses it.
/// The twins themselves, `reference::` and `cpu::`, are declared beside each operation for the tests that compare them.
struct Context {
  ComputePool& pool;
  Backend backend;
  std::size_t cpu_target;  ///< Backend::cpu: CpuTarget::index of the variant to run.
  ActivationObserver* observer = nullptr;
  PackedMatrices* packed = nullptr;  ///< Matrices that lie ready for the cpu twins, or null.
  OperationLog* log = nullptr;       ///< Takes what each operation cost, or null.
};

}  // namespace hadal::ops
