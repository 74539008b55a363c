#include "ops/dequantise/dequantise.h"

namespace hadal::ops {

void dequantise_rows(const Context& context, const WeightView& w, std::int64_t first, std::int64_t rows, float* out) {
  return context.backend == Backend::reference ? reference::dequantise_rows(context, w, first, rows, out)
                                               : cpu::dequantise_rows(context, w, first, rows, out);
}

}  // namespace hadal::ops
