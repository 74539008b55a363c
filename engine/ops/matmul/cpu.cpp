#include <algorithm>
#include <vector>

#include "ops/matmul/bfloat16.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed_matrices.h"
#include "ops/matmul/quantised.h"
#include "ops/matmul/rounded_activations.h"
#include "ops/matmul/unquantised.h"

namespace hadal::ops {
namespace {

/// Sixteen rows each: what a matrix is divided by.
std::int64_t panels_of(const WeightView& w) {
  return (w.rows + kPackedRows - 1) / kPackedRows;
}

/// To the rows just computed, which are still in the cache.
void add_bias(const MatmulPart& part, std::int64_t tokens, std::int64_t begin, std::int64_t end) {
  for (std::int64_t t = 0; t < tokens; ++t) {
    float* y = part.y + t * part.w.rows;
    for (std::int64_t row = begin; row < end; ++row) y[row] += part.bias[row];
  }
}

bool rounds(const MatmulPart& part) {
  const ActivationFormat format = activation_format(part.w.type);
  return format.rounds() && !(format.chunks && part.decides);
}

}  // namespace

void cpu::matmul_rows(const Context& context, const MatmulPart& part, const MatmulInput& x, std::int64_t begin,
                      std::int64_t end) {
  const ActivationFormat format = activation_format(part.w.type);
  if (format.chunks && x.tiles) {
    bfloat16_rows(context, part.w, x.tiles, x.tokens, part.y, begin, end);
  } else if (format.planes > 0) {
    quantised_rows(context, part.w, x.tiles, x.tokens, part.y, begin, end);
  } else {
    unquantised_rows(context, part.w, x.x, x.tokens, part.y, begin, end);
  }
}

void cpu::matmul(const Context& context, std::span<const MatmulPart> given, const float* x, std::int64_t tokens) {
  std::vector<MatmulPart> parts(given.begin(), given.end());
  std::vector<DType> types;
  std::int64_t panels = 0, row_bytes = 1;
  for (MatmulPart& part : parts) {
    if (context.packed) part.w = context.packed->find(part.w);
    if (rounds(part)) types.push_back(part.w.type);
    panels += panels_of(part.w);
    row_bytes = std::max(row_bytes, part.w.row_bytes());
  }
  // A piece should last some ten microseconds: about 32 KiB of weights when they are read once, otherwise two panels
  // or, where that leaves each thread some, as many as use the same activations from the cache.
  const std::int64_t most = std::clamp<std::int64_t>(panels / (8 * context.pool.threads()) / 2 * 2, 2, 8);
  const std::int64_t grain = tokens <= 4 ? std::max<std::int64_t>(1, 32768 / row_bytes / kPackedRows) : most;
  const auto multiply = [&](const auto& input) {
    context.pool.for_range(panels, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
      std::int64_t first = 0;  // of the part's panels among all
      for (const MatmulPart& part : parts) {
        const std::int64_t from = std::max(begin - first, std::int64_t{0}) * kPackedRows;
        const std::int64_t to = std::min((end - first) * kPackedRows, part.w.rows);
        const MatmulInput own = rounds(part) ? input(part.w.type, thread) : MatmulInput{x, tokens};
        if (from < to) matmul_rows(context, part, own, from, to);
        if (from < to && part.bias) add_bias(part, tokens, from, to);
        first += panels_of(part.w);
      }
    });
  };
  const std::int64_t cols = parts.front().w.cols;
  if (tokens <= kTileTokens) {
    ThreadActivations rounded(context, types, 1, cols);
    return multiply([&](DType type, int thread) { return rounded.input(type, thread, 0, tokens, x); });
  }
  const RoundedActivations rounded(context, types, tokens, cols);
  if (!rounded.empty()) {
    const std::int64_t tiles = (tokens + kTileTokens - 1) / kTileTokens;
    context.pool.for_range(tiles, 1, [&](std::int64_t begin, std::int64_t end, int) {
      const std::int64_t first = begin * kTileTokens;
      rounded.round(first, std::min(end * kTileTokens, tokens) - first, x + first * cols);
    });
  }
  multiply([&](DType type, int) { return rounded.input(type, 0, tokens, x); });
}

}  // namespace hadal::ops
