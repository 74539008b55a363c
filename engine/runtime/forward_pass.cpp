#include "runtime/forward_pass.h"

namespace hadal {

ForwardPass::ForwardPass(const Decoder& decoder, ops::Context context, KvCache& cache, int experts_used)
    : decoder_(decoder), context_(context), cache_(cache), experts_used_(experts_used) {
  const ExpertShape shape = decoder.expert_shape();
  usage_.layers = static_cast<std::size_t>(shape.layers);
  usage_.experts = static_cast<std::size_t>(shape.experts);
  usage_.used = static_cast<std::size_t>(experts_used > 0 ? experts_used : shape.used);
  usage_.chosen.resize(usage_.layers * usage_.experts);
  usage_.weight.resize(usage_.layers * usage_.experts);
}

Result<void> ForwardPass::reserve(std::int64_t floats) {
  const std::size_t bytes = static_cast<std::size_t>(floats) * sizeof(float);
  if (bytes <= scratch_.size()) return {};
  scratch_ = AlignedBuffer();
  auto grown = AlignedBuffer::create(bytes);
  if (!grown) return grown.error();
  scratch_ = std::move(*grown);
  return {};
}

Result<Batch> ForwardPass::make_batch(std::span<const Segment> segments, WantedLogits wanted, std::size_t ahead) {
  ids_.clear();
  positions_.clear();
  rows_.clear();
  logit_rows_.clear();
  for (const Segment& segment : segments) {
    for (std::size_t i = 0; i < segment.rows(); ++i) {
      const auto position = static_cast<std::int32_t>(segment.first + i);
      if (wanted == WantedLogits::all || (wanted == WantedLogits::last && i + 1 >= segment.count))
        logit_rows_.push_back(static_cast<std::int32_t>(ids_.size()));
      ids_.push_back(segment.id(segment.first + i + ahead));
      positions_.push_back(position);
      rows_.push_back({segment.blocks.data(), position});
    }
  }
  const auto floats =
      decoder_.scratch_floats(static_cast<std::int64_t>(ids_.size()), static_cast<std::int64_t>(logit_rows_.size()));
  if (auto reserved = reserve(floats); !reserved) return reserved.error();
  Batch batch;
  batch.ids = ids_;
  batch.positions = positions_;
  batch.rows = rows_;
  batch.logit_rows = logit_rows_;
  batch.experts_used = experts_used_;
  batch.usage = counting_ && usage_.layers > 0 ? &usage_ : nullptr;
  return batch;
}

Result<bool> ForwardPass::run(std::span<const Segment> segments, WantedLogits wanted, float* logits, float* hidden,
                              const std::atomic<int>* interrupt) {
  auto batch = make_batch(segments, wanted, 0);
  if (!batch) return batch.error();
  batch->hidden = hidden;
  batch->interrupt = interrupt;
  if (!decoder_.forward(context_, *batch, cache_.layers(), scratch_.as<float>(), logits)) return false;
  if (counting_) usage_.tokens += ids_.size();
  return true;
}

Result<void> ForwardPass::draft(int layer, std::span<const Segment> segments, WantedLogits wanted, const float* hidden,
                                float* logits, float* onward) {
  auto batch = make_batch(segments, wanted, 1);
  if (!batch) return batch.error();
  batch->hidden = onward;
  decoder_.draft(layer, context_, *batch, hidden, cache_.layers(), scratch_.as<float>(), logits);
  return {};
}

}  // namespace hadal
