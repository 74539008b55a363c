#include "runtime/pack_matrices.h"

#include <algorithm>
#include <vector>

#include "base/system_memory.h"
#include "models/model_impl.h"

namespace hadal {
namespace {

/// What is left of the free memory to the cache, to activations and to other programs.
constexpr double kShareOfMemory = 0.8;

/// Those that can be packed, in the order they lie in memory, each once.
std::vector<WeightView> packable(const Decoder& decoder) {
  std::vector<WeightView> matrices = decoder.matrices();
  std::erase_if(matrices, [](const WeightView& w) { return ops::packed_bytes(w) == 0; });
  std::ranges::sort(matrices, {}, &WeightView::data);
  const auto repeated = std::ranges::unique(matrices, {}, &WeightView::data);
  matrices.erase(repeated.begin(), repeated.end());
  return matrices;
}

}  // namespace

void pack_matrices(const Model& model, ComputePool& pool, std::size_t cpu_target, ops::PackedMatrices& out) {
  const std::vector<WeightView> matrices = packable(*model.impl().decoder);
  std::int64_t bytes = 0;
  for (const WeightView& w : matrices) bytes += ops::packed_bytes(w);
  if (bytes == 0 || static_cast<double>(bytes) > kShareOfMemory * static_cast<double>(available_memory())) return;
  if (!out.reserve(bytes)) return;
  for (const CheckpointTensor& tensor : model.impl().file.tensors()) {
    const std::byte* const end = tensor.data.data() + tensor.data.size();
    auto matrix = std::ranges::lower_bound(matrices, tensor.data.data(), {}, &WeightView::data);
    if (matrix == matrices.end() || matrix->data >= end) continue;
    for (; matrix != matrices.end() && matrix->data < end; ++matrix) out.add(pool, cpu_target, *matrix);
    model.impl().file.advise(tensor, MappedFile::Advice::dont_need);
  }
}

}  // namespace hadal
