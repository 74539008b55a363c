#include "ops/cpu_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/cpu_target.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
std::int64_t compiled_for() {
  return HWY_TARGET;
}
}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
HWY_EXPORT(compiled_for);

namespace {

std::size_t index_of(std::int64_t target) {
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return chosen.GetIndex();
}

std::string name_of(std::int64_t target) {
  return target == HWY_AVX3_DL ? "AVX512" : hwy::TargetName(target);
}

std::string join_names(const std::vector<CpuTarget>& targets) {
  std::string names;
  for (const CpuTarget& target : targets) names += (names.empty() ? "" : ", ") + target.name;
  return names;
}

}  // namespace

std::vector<CpuTarget> cpu_targets() {
  const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  std::vector<CpuTarget> targets;
  // Highway numbers better targets with lower bits.
  for (std::int64_t bit = 1; bit > 0 && bit <= usable; bit <<= 1) {
    if (usable & bit) targets.push_back({name_of(bit), index_of(bit)});
  }
  return targets;
}

Result<CpuTarget> choose_cpu_target(std::string_view wanted) {
  const std::vector<CpuTarget> targets = cpu_targets();
  if (wanted.empty()) return targets.front();
  for (const CpuTarget& target : targets) {
    if (target.name == wanted) return target;
  }
  return Error{ErrorCode::invalid_argument,
               "The processor target \"" + std::string(wanted) +
                   "\" is not one this build and this processor have: " + join_names(targets) + "."};
}

std::string running_cpu_target(std::size_t index) {
  return name_of((*HWY_DISPATCH_TABLE(compiled_for)[index])());
}

}  // namespace hadal::ops
#endif
