#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal::ops {

/// One compiled variant of the cpu kernels.
struct CpuTarget {
  std::string name;       ///< "SSE2", "AVX2", "AVX512" (which takes VNNI, Highway's AVX3_DL), else as Highway calls it.
  std::size_t index = 0;  ///< For Context::cpu_target.
};

/// The variants that are compiled in and that this processor can run, best first.
std::vector<CpuTarget> cpu_targets();

/// The best variant, or the one named `wanted` unless that is empty.
Result<CpuTarget> choose_cpu_target(std::string_view wanted);

/// What the code behind `index` says it was compiled for: proof that a choice took effect.
std::string running_cpu_target(std::size_t index);

}  // namespace hadal::ops
