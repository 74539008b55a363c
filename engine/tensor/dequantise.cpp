#include "tensor/dequantise.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "tensor/blocks.h"
#include "tensor/half.h"

namespace hadal {
namespace {

// Every product and sum is rounded to float32 in the order in which the formulas in blocks.h read, from left to right.

float number(int code) {
  return static_cast<float>(code);
}

int nibble(const std::uint8_t* nibbles, int element) {
  return element < 16 ? nibbles[element] & 15 : nibbles[element - 16] >> 4;
}

int bit(const std::uint8_t* bits, int index) {
  return (bits[index / 8] >> (index % 8)) & 1;
}

void expand(const BlockQ4_0& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 32; ++i) out[i] = scale * number(nibble(block.nibbles, i) - 8);
}

void expand(const BlockQ4_1& block, float* out) {
  const float scale = half_to_float(block.scale), minimum = half_to_float(block.minimum);
  for (int i = 0; i < 32; ++i) out[i] = scale * number(nibble(block.nibbles, i)) + minimum;
}

void expand(const BlockQ5_0& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 32; ++i) {
    out[i] = scale * number((nibble(block.nibbles, i) | bit(block.high, i) << 4) - 16);
  }
}

void expand(const BlockQ5_1& block, float* out) {
  const float scale = half_to_float(block.scale), minimum = half_to_float(block.minimum);
  for (int i = 0; i < 32; ++i) {
    out[i] = scale * number(nibble(block.nibbles, i) | bit(block.high, i) << 4) + minimum;
  }
}

void expand(const BlockQ8_0& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 32; ++i) out[i] = scale * number(block.values[i]);
}

void expand(const BlockIQ4_NL& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 32; ++i) out[i] = scale * number(kIq4Values[nibble(block.nibbles, i)]);
}

/// -32..31
int group_scale(const BlockIQ4_XS& block, int group) {
  const int four = (block.scales_low[group / 2] >> (4 * (group % 2))) & 15;
  const int two = (block.scales_high >> (2 * group)) & 3;
  return (four | two << 4) - 32;
}

void expand(const BlockIQ4_XS& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    out[i] = scale * number(group_scale(block, group)) * number(kIq4Values[nibble(block.nibbles + 16 * group, i % 32)]);
  }
}

void expand(const BlockQ2_K& block, float* out) {
  const float scale = half_to_float(block.scale), minimum = half_to_float(block.minimum);
  for (int i = 0; i < 256; ++i) {
    const int s = block.scales[i / 16];
    const int q = (block.codes[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
    out[i] = scale * number(s & 15) * number(q) - minimum * number(s >> 4);
  }
}

void expand(const BlockQ3_K& block, float* out) {
  const float scale = half_to_float(block.scale);
  const auto s = std::bit_cast<std::array<std::uint8_t, 16>>(unpack_scales_q3(block.scales));
  for (int i = 0; i < 256; ++i) {
    const int low = (block.codes[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
    const int high = (block.high[i % 32] >> (i / 32)) & 1;
    out[i] = scale * number(s[static_cast<std::size_t>(i / 16)] - 32) * number((low | high << 2) - 4);
  }
}

void expand(const BlockQ4_K& block, float* out) {
  const float scale = half_to_float(block.scale), minimum = half_to_float(block.minimum);
  const auto s = std::bit_cast<std::array<std::uint8_t, 16>>(unpack_scales_q4(block.scales));
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    const int q = (block.nibbles[32 * (group / 2) + i % 32] >> (4 * (group % 2))) & 15;
    out[i] = scale * number(s[static_cast<std::size_t>(group)]) * number(q) -
             minimum * number(s[static_cast<std::size_t>(8 + group)]);
  }
}

void expand(const BlockQ5_K& block, float* out) {
  const float scale = half_to_float(block.scale), minimum = half_to_float(block.minimum);
  const auto s = std::bit_cast<std::array<std::uint8_t, 16>>(unpack_scales_q4(block.scales));
  for (int i = 0; i < 256; ++i) {
    const int group = i / 32;
    const int low = (block.nibbles[32 * (group / 2) + i % 32] >> (4 * (group % 2))) & 15;
    const int high = (block.high[i % 32] >> group) & 1;
    out[i] = scale * number(s[static_cast<std::size_t>(group)]) * number(low | high << 4) -
             minimum * number(s[static_cast<std::size_t>(8 + group)]);
  }
}

void expand(const BlockQ6_K& block, float* out) {
  const float scale = half_to_float(block.scale);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, quarter = i % 128 / 32, lane = i % 32;
    const int low = (block.low[64 * half + 32 * (quarter % 2) + lane] >> (4 * (quarter / 2))) & 15;
    const int high = (block.high[32 * half + lane] >> (2 * quarter)) & 3;
    out[i] = scale * number(block.scales[i / 16]) * number((low | high << 4) - 32);
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

template <float (*to_float)(std::uint16_t)>
void expand_halves(const std::byte* row, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t half;
    std::memcpy(&half, row + 2 * i, sizeof half);
    out[i] = to_float(half);
  }
}

/// NaN has two codes, infinity none (OCP 8-bit floating point specification 1.0, E4M3).
float e4m3_to_float(std::uint8_t code) {
  const int exponent = (code >> 3) & 15, mantissa = code & 7;
  float magnitude = std::ldexp(static_cast<float>(exponent == 0 ? mantissa : 8 + mantissa), std::max(exponent, 1) - 10);
  if (exponent == 15 && mantissa == 7) magnitude = std::numeric_limits<float>::quiet_NaN();
  return (code & 0x80) != 0 ? -magnitude : magnitude;
}

}  // namespace

void dequantise_row(const WeightView& w, std::int64_t row, float* out) {
  dequantise_row(w.type, w.row(row), w.cols, out);
  if (w.type != DType::f8_e4m3) return;
  for (std::int64_t col = 0; col < w.cols; ++col) out[col] *= w.scale(row, col);
}

void dequantise_row(DType type, const std::byte* row, std::int64_t count, float* out) {
  assert(count % dtype_traits(type).block_size == 0);
  switch (type) {
    case DType::f32:
      std::memcpy(out, row, static_cast<std::size_t>(count) * sizeof(float));
      return;
    case DType::f16:
      return expand_halves<half_to_float>(row, count, out);
    case DType::bf16:
      return expand_halves<bfloat_to_float>(row, count, out);
    case DType::q4_0:
      return expand_row<BlockQ4_0, 32>(row, count, out);
    case DType::q4_1:
      return expand_row<BlockQ4_1, 32>(row, count, out);
    case DType::q5_0:
      return expand_row<BlockQ5_0, 32>(row, count, out);
    case DType::q5_1:
      return expand_row<BlockQ5_1, 32>(row, count, out);
    case DType::q8_0:
      return expand_row<BlockQ8_0, 32>(row, count, out);
    case DType::q2_k:
      return expand_row<BlockQ2_K, 256>(row, count, out);
    case DType::q3_k:
      return expand_row<BlockQ3_K, 256>(row, count, out);
    case DType::q4_k:
      return expand_row<BlockQ4_K, 256>(row, count, out);
    case DType::q5_k:
      return expand_row<BlockQ5_K, 256>(row, count, out);
    case DType::q6_k:
      return expand_row<BlockQ6_K, 256>(row, count, out);
    case DType::iq4_nl:
      return expand_row<BlockIQ4_NL, 32>(row, count, out);
    case DType::iq4_xs:
      return expand_row<BlockIQ4_XS, 256>(row, count, out);
    case DType::f8_e4m3:
      for (std::int64_t i = 0; i < count; ++i) out[i] = e4m3_to_float(std::to_integer<std::uint8_t>(row[i]));
      return;
    default:
      assert(false && "dequantise_row: type is not computable");
      return;
  }
}

}  // namespace hadal
