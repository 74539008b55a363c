#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/compute_pool.h"
#include "hadal/result.h"

namespace hadal::ops {

/// Multiplications and additions a second, of all the pool's threads together, in loops that hold everything in
/// registers and the first-level cache and do nothing else: no kernel can be faster.
struct ArithmeticPeaks {
  double int8 = 0.0;  ///< Products of 8 bits summed in 32.
  double bf16 = 0.0;  ///< Products of bfloat16 summed in float32; where the processor has none, as for float32.
  double float32 = 0.0;
};

/// The best of several rounds, which together take about `seconds`. `cpu_target`: CpuTarget::index.
ArithmeticPeaks measure_peaks(ComputePool& pool, std::size_t cpu_target, double seconds);

/// Memory of its own, far larger than the caches, that is read to see how fast memory can be read.
class ReadProbe {
 public:
  static Result<ReadProbe> create(ComputePool& pool);

  /// Bytes a second of all the pool's threads together, each reading its own piece once, front to back.
  double bytes_per_second(ComputePool& pool, std::size_t cpu_target) const;

 private:
  explicit ReadProbe(AlignedBuffer memory) : memory_(std::move(memory)) {}
  AlignedBuffer memory_;
};

}  // namespace hadal::ops
