#include "ops/matmul/packed.h"

#include "ops/matmul/bfloat16.h"

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
    case DType::bf16:
      return {.chunk_bytes = cpu::kPackedChunkBytes};
    default:
      return {};
  }
}

std::int64_t packed_bytes(const WeightView& w) {
  const PackedLayout layout = PackedLayout::of(w.type);
  if (!layout.packs()) return 0;
  return (w.rows + kPackedRows - 1) / kPackedRows * layout.group_bytes(w.cols);
}

}  // namespace hadal::ops
