#include "ops/matmul/rounded_activations.h"

#include <algorithm>

#include "ops/matmul/quantised.h"

namespace hadal::ops::cpu {

RoundedActivations::RoundedActivations(const Context& context, const std::vector<DType>& weights, std::int64_t tokens,
                                       std::int64_t cols)
    : context_(context), cols_(cols) {
  std::int64_t bytes = 0;
  for (const DType type : weights) {
    const ActivationFormat format = activation_format(type);
    if (!format.rounds() || std::ranges::find(formats_, format, &Rounded::format) != formats_.end()) continue;
    formats_.push_back({format, bytes});
    bytes += (format.bytes(tokens, cols) + 63) / 64 * 64;
  }
  if (!empty()) memory_ = context.pool.working_memory(static_cast<std::size_t>(bytes));
}

void RoundedActivations::round(std::int64_t first, std::int64_t count, const float* x) const {
  for (const Rounded& rounded : formats_) {
    round_activations(context_, rounded.format, x, count, cols_,
                      memory_ + rounded.offset + rounded.format.bytes(first, cols_));
  }
}

MatmulInput RoundedActivations::input(DType weights, std::int64_t first, std::int64_t count, const float* x) const {
  const ActivationFormat format = activation_format(weights);
  if (!format.rounds()) return {x, count, nullptr};
  const auto rounded = std::ranges::find(formats_, format, &Rounded::format);
  return {x, count, memory_ + rounded->offset + format.bytes(first, cols_)};
}

ThreadActivations::ThreadActivations(const Context& context, const std::vector<DType>& weights, std::int64_t runs,
                                     std::int64_t cols)
    : runs_(runs),
      rounded_(context, weights, context.pool.threads() * runs * kTileTokens, cols),
      ready_(static_cast<std::size_t>(context.pool.threads() * runs)) {}

MatmulInput ThreadActivations::input(DType weights, int thread, std::int64_t run, std::int64_t count, const float* x) {
  const std::int64_t place = thread * runs_ + run;
  if (char& ready = ready_[static_cast<std::size_t>(place)]; !ready) {
    rounded_.round(place * kTileTokens, count, x);
    ready = 1;
  }
  return rounded_.input(weights, place * kTileTokens, count, x);
}

}  // namespace hadal::ops::cpu
