#include "ops/matmul/packed.h"

namespace hadal::ops {

PackedLayout PackedLayout::of(DType type) {
  switch (type) {
    case DType::q4_0:
      return {256, 32, 0};
    case DType::q4_1:
      return {256, 64, 0};
    case DType::q8_0:
      return {512, 32, 0};
    case DType::q4_k:
      return {256, 0, 256};
    case DType::q6_k:
      return {384, 32, 32};
    default:
      return {};
  }
}

std::int64_t packed_bytes(const WeightView& w) {
  const PackedLayout layout = PackedLayout::of(w.type);
  if (layout.code_bytes == 0) return 0;
  return (w.rows + kPackedRows - 1) / kPackedRows * layout.group_bytes(w.cols);
}

}  // namespace hadal::ops
