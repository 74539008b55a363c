#include "tensor/dequantise.h"

#include <cassert>
#include <cstring>

#include "tensor/blocks.h"
#include "tensor/half.h"

namespace hadal {
namespace {

void expand(const BlockQ4_1& block, float* out) {
  const float scale = half_to_float(block.scale);
  const float minimum = half_to_float(block.minimum);
  for (int i = 0; i < 16; ++i) {
    out[i] = scale * static_cast<float>(block.nibbles[i] & 0xF) + minimum;
    out[i + 16] = scale * static_cast<float>(block.nibbles[i] >> 4) + minimum;
  }
}

void expand(const BlockQ8_0& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(block.values[i]);
}

void expand(const BlockQ6_K& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, quarter = i % 128 / 32, lane = i % 32;
    const int low = (block.low[64 * half + 32 * (quarter % 2) + lane] >> (4 * (quarter / 2))) & 0xF;
    const int high = (block.high[32 * half + lane] >> (2 * quarter)) & 0x3;
    const int q = (low | (high << 4)) - 32;
    out[i] = scale * static_cast<float>(block.scales[i / 16]) * static_cast<float>(q);
  }
}

template <class Block, int elements>
void expand_row(const std::byte* row, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; i += elements, row += sizeof(Block)) {
    Block block;
    std::memcpy(&block, row, sizeof block);
    expand(block, out + i);
  }
}

}  // namespace

void dequantise_row(DType type, const std::byte* row, std::int64_t count, float* out) {
  assert(count % dtype_traits(type).block_size == 0);
  switch (type) {
    case DType::f32:
      std::memcpy(out, row, static_cast<std::size_t>(count) * sizeof(float));
      return;
    case DType::f16:
      for (std::int64_t i = 0; i < count; ++i) {
        std::uint16_t half;
        std::memcpy(&half, row + 2 * i, sizeof half);
        out[i] = half_to_float(half);
      }
      return;
    case DType::q4_1:
      return expand_row<BlockQ4_1, 32>(row, count, out);
    case DType::q8_0:
      return expand_row<BlockQ8_0, 32>(row, count, out);
    case DType::q6_k:
      return expand_row<BlockQ6_K, 256>(row, count, out);
    default:
      assert(!"dequantise_row: type is not computable");
      return;
  }
}

}  // namespace hadal
