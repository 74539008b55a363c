#include "runtime/pack_matrices.h"

#include <chrono>
#include <numeric>
#include <span>
#include <vector>

#include "base/system_memory.h"
#include "models/model_impl.h"

namespace hadal {
namespace {

/// What is left of the free memory to the cache, to activations and to other programs.
constexpr double kShareOfMemory = 0.8;

/// Of a part of the packing that is done ahead: who asks meanwhile waits no longer than for a frame of the screen.
constexpr std::chrono::milliseconds kPart{4};

void keep_packable(std::vector<WeightView>& matrices) {
  std::erase_if(matrices, [](const WeightView& w) { return ops::packed_bytes(w) == 0; });
}

bool fits(std::int64_t bytes) {
  return static_cast<double>(bytes) <= kShareOfMemory * static_cast<double>(available_memory());
}

/// False if nothing is to be packed.
bool find_places(const Checkpoint& file, const ModelMatrices& matrices, std::int64_t bytes, ops::PackedMatrices& out) {
  if (bytes == 0 || !fits(bytes)) return false;
  const auto release = [&file](std::span<const std::byte> original) {
    file.advise(original, MappedFile::Advice::dont_need);
  };
  if (!out.reserve(bytes, release)) return false;
  for (const WeightView& w : matrices.always) out.add(w);
  for (const WeightView& w : matrices.both_ways) out.add(w, ops::PackedMatrices::Original::kept);
  for (const WeightView& w : matrices.sometimes) out.add(w);
  return true;
}

}  // namespace

Result<void> pack_matrices(const Model& model, ComputePool& pool, std::size_t cpu_target, LoadControl& control,
                           ops::PackedMatrices& out, std::vector<WeightView>& later) {
  ModelMatrices matrices = model.impl().decoder->matrices();
  for (auto* some : {&matrices.always, &matrices.both_ways, &matrices.sometimes}) keep_packable(*some);
  const std::int64_t always = packed_bytes_of(matrices.always) + packed_bytes_of(matrices.both_ways);
  const std::int64_t all = always + packed_bytes_of(matrices.sometimes);
  if (out.empty() && !find_places(model.impl().file, matrices, all, out)) return {};
  std::int64_t done = 0;
  matrices.always.insert(matrices.always.end(), matrices.both_ways.begin(), matrices.both_ways.end());
  for (const WeightView& w : matrices.always) {
    if (control.cancel.load()) return Error{ErrorCode::cancelled, "Loading was cancelled."};
    out.pack(pool, cpu_target, {&w, 1});
    done += ops::packed_bytes(w);
    control.progress.store(static_cast<float>(static_cast<double>(done) / static_cast<double>(always)));
  }
  // The first layers' at the end, where pack_some() begins.
  later.assign(matrices.sometimes.rbegin(), matrices.sometimes.rend());
  return {};
}

bool pack_some(ComputePool& pool, std::size_t cpu_target, ops::PackedMatrices& out, std::vector<WeightView>& later) {
  if (later.empty() || !fits(packed_bytes_of(later))) return false;
  const auto end = std::chrono::steady_clock::now() + kPart;
  do {
    out.pack(pool, cpu_target, {&later.back(), 1});
    later.pop_back();
  } while (!later.empty() && std::chrono::steady_clock::now() < end);
  return !later.empty();
}

std::int64_t packed_bytes_of(std::span<const WeightView> matrices) {
  return std::accumulate(matrices.begin(), matrices.end(), std::int64_t{0},
                         [](std::int64_t sum, const WeightView& w) { return sum + ops::packed_bytes(w); });
}

}  // namespace hadal
