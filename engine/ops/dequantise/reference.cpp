#include "ops/dequantise/dequantise.h"
#include "tensor/dequantise.h"

namespace hadal::ops::reference {

void dequantise_rows(const Context&, const WeightView& w, std::int64_t first, std::int64_t rows, float* out) {
  for (std::int64_t r = first; r < first + rows; ++r, out += w.cols) dequantise_row(w, r, out);
}

}  // namespace hadal::ops::reference
