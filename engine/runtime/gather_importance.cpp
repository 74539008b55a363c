#include "runtime/gather_importance.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "models/model_impl.h"
#include "models/stacked_experts.h"
#include "runtime/forward_pass.h"

namespace hadal {
namespace {

/// Tokens of one pass: all their logits are computed, so that the output matrix sees every position.
constexpr std::size_t kPassTokens = 128;

/// Knows by its address which tensor of the checkpoint, and which matrix of it, a weight is. Experts are gathered under
/// the names they have together, whatever the file: the matrix then fits any form of the model.
class Gatherer final : public ops::ActivationObserver {
 public:
  explicit Gatherer(std::vector<StackedTensor> tensors) : tensors_(std::move(tensors)) {
    for (const StackedTensor& tensor : tensors_) {
      for (std::size_t i = 0; i < tensor.parts.size(); ++i)
        parts_.emplace(tensor.parts[i]->data.data(), Part{&tensor, static_cast<std::int64_t>(i)});
    }
  }

  void multiplied(const WeightView& w, const float* x, std::int64_t tokens) override {
    const auto next = parts_.upper_bound(w.data);
    if (next == parts_.begin()) return;
    const auto& [tensor, number] = std::prev(next)->second;
    const CheckpointTensor& part = *tensor->parts[static_cast<std::size_t>(number)];
    const std::int64_t offset = w.data - part.data.data(), size = static_cast<std::int64_t>(part.bytes());
    // A view of another width is no row of the tensor as it is stored.
    if (offset >= size || w.cols != part.columns() || part.dimensions < 2) return;
    const std::int64_t matrices = tensor->matrices(),
                       of_part = matrices / static_cast<std::int64_t>(tensor->parts.size());
    const std::int64_t matrix = number * of_part + offset / (size / of_part);
    matrix_.add(tensor->name, tensor->columns(), matrices, matrix, x, tokens);
  }

  ImportanceMatrix take() { return std::move(matrix_); }

 private:
  struct Part {
    const StackedTensor* tensor;
    std::int64_t number;
  };

  std::vector<StackedTensor> tensors_;
  std::map<const std::byte*, Part> parts_;
  ImportanceMatrix matrix_;
};

}  // namespace

Result<ImportanceMatrix> gather_importance(const Model& model, ops::Context context, std::span<const TokenId> ids,
                                           std::int32_t window, const std::function<bool(std::size_t done)>& progress) {
  const Decoder& decoder = *model.impl().decoder;
  const std::int32_t blocks = (window + KvCache::block_tokens - 1) / KvCache::block_tokens;
  const auto cache = KvCache::create(decoder.kv_shape(), ops::kv_type(context.backend), blocks);
  if (!cache) return cache.error();
  std::vector<std::int32_t> row(static_cast<std::size_t>(blocks));
  for (std::int32_t& block : row) block = (*cache)->allocate();

  auto tensors = stacked_tensors(model.impl().file);
  if (!tensors) return tensors.error();
  Gatherer gatherer(std::move(*tensors));
  context.observer = &gatherer;
  ForwardPass pass(decoder, context, **cache, 0);
  std::vector<float> logits(std::min(kPassTokens, ids.size()) * static_cast<std::size_t>(decoder.vocabulary_size()));
  const auto length = static_cast<std::size_t>(window);
  for (std::size_t first = 0, count = 0; first < ids.size(); first += count) {
    // A window's keys and values are written over by those of the next.
    const std::size_t at = first % length, begin = first - at;
    count = std::min({kPassTokens, length - at, ids.size() - first});
    const Segment segment{ids.subspan(begin), row, at, count};
    if (auto run = pass.run({&segment, 1}, WantedLogits::all, logits.data()); !run) return run.error();
    if (progress && !progress(first + count)) return Error{ErrorCode::cancelled, "Gathering was cancelled."};
  }
  return gatherer.take();
}

}  // namespace hadal
