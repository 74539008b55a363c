#include <vector>

#include "ops/matmul/matmul.h"
#include "tensor/dequantise.h"

namespace hadal::ops::reference {
namespace {

void multiply(const Context& context, const MatmulPart& part, const float* x, std::int64_t tokens) {
  const WeightView& w = part.w;
  context.pool.for_range(w.rows, 1, [&](std::int64_t begin, std::int64_t end, int) {
    std::vector<float> row(static_cast<std::size_t>(w.cols));
    for (std::int64_t r = begin; r < end; ++r) {
      dequantise_row(w, r, row.data());
      for (std::int64_t t = 0; t < tokens; ++t) {
        const float* xt = x + t * w.cols;
        double sum = part.bias ? static_cast<double>(part.bias[r]) : 0.0;
        for (std::int64_t k = 0; k < w.cols; ++k) {
          sum += static_cast<double>(row[static_cast<std::size_t>(k)]) * static_cast<double>(xt[k]);
        }
        part.y[t * w.rows + r] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace

void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens) {
  for (const MatmulPart& part : parts) multiply(context, part, x, tokens);
}

}  // namespace hadal::ops::reference
