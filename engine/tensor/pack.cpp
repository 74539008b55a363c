#include "tensor/pack.h"

#include <cstddef>
#include <cstring>

namespace hadal {
namespace {

std::uint8_t byte(int value) {
  return static_cast<std::uint8_t>(value);
}

/// 32 codes, of which the low four bits go in.
void pack_nibbles(const std::uint8_t* codes, std::uint8_t* nibbles) {
  for (int i = 0; i < 16; ++i) nibbles[i] = byte((codes[i] & 15) | (codes[i + 16] & 15) << 4);
}

/// Bit 4 of 32 codes.
void pack_fifth_bits(const std::uint8_t* codes, std::uint8_t (&high)[4]) {
  std::memset(high, 0, sizeof high);
  for (int i = 0; i < 32; ++i) high[i / 8] = byte(high[i / 8] | ((codes[i] >> 4) & 1) << (i % 8));
}

/// The two low bits of 256 codes, as Q2_K and Q3_K have them.
void pack_pairs(const std::uint8_t* codes, std::uint8_t (&out)[64]) {
  for (int i = 0; i < 64; ++i) {
    const std::uint8_t* lane = codes + 128 * (i / 32) + i % 32;
    out[i] = byte((lane[0] & 3) | (lane[32] & 3) << 2 | (lane[64] & 3) << 4 | (lane[96] & 3) << 6);
  }
}

/// The four low bits of 256 codes, as Q4_K and Q5_K have them: group by group in the halves of 32 bytes.
void pack_group_nibbles(const std::uint8_t* codes, std::uint8_t (&nibbles)[128]) {
  for (int i = 0; i < 128; ++i) {
    const std::uint8_t* lane = codes + 64 * (i / 32) + i % 32;
    nibbles[i] = byte((lane[0] & 15) | (lane[32] & 15) << 4);
  }
}

void pack_six_bits(const int* scales, const int* minima, std::uint8_t (&out)[12]) {
  for (int g = 0; g < 4; ++g) {
    out[g] = byte(scales[g] | (scales[g + 4] >> 4) << 6);
    out[g + 4] = byte(minima[g] | (minima[g + 4] >> 4) << 6);
    out[g + 8] = byte((scales[g + 4] & 15) | (minima[g + 4] & 15) << 4);
  }
}

}  // namespace

void pack_codes(const std::uint8_t* codes, BlockQ4_0& block) {
  pack_nibbles(codes, block.nibbles);
}

void pack_codes(const std::uint8_t* codes, BlockQ4_1& block) {
  pack_nibbles(codes, block.nibbles);
}

void pack_codes(const std::uint8_t* codes, BlockQ5_0& block) {
  pack_nibbles(codes, block.nibbles);
  pack_fifth_bits(codes, block.high);
}

void pack_codes(const std::uint8_t* codes, BlockQ5_1& block) {
  pack_nibbles(codes, block.nibbles);
  pack_fifth_bits(codes, block.high);
}

void pack_codes(const std::uint8_t* codes, BlockIQ4_NL& block) {
  pack_nibbles(codes, block.nibbles);
}

void pack_codes(const std::uint8_t* codes, BlockQ8_0& block) {
  for (int i = 0; i < 32; ++i) block.values[i] = static_cast<std::int8_t>(codes[i] - 128);
}

void pack_codes(const std::uint8_t* codes, BlockIQ4_XS& block) {
  for (std::ptrdiff_t g = 0; g < 8; ++g) pack_nibbles(codes + 32 * g, block.nibbles + 16 * g);
}

void pack_codes(const std::uint8_t* codes, BlockQ2_K& block) {
  pack_pairs(codes, block.codes);
}

void pack_codes(const std::uint8_t* codes, BlockQ3_K& block) {
  pack_pairs(codes, block.codes);
  std::memset(block.high, 0, sizeof block.high);
  for (int i = 0; i < 256; ++i) block.high[i % 32] = byte(block.high[i % 32] | (codes[i] >> 2 & 1) << (i / 32));
}

void pack_codes(const std::uint8_t* codes, BlockQ4_K& block) {
  pack_group_nibbles(codes, block.nibbles);
}

void pack_codes(const std::uint8_t* codes, BlockQ5_K& block) {
  pack_group_nibbles(codes, block.nibbles);
  std::memset(block.high, 0, sizeof block.high);
  for (int i = 0; i < 256; ++i) block.high[i % 32] = byte(block.high[i % 32] | (codes[i] >> 4 & 1) << (i / 32));
}

void pack_codes(const std::uint8_t* codes, BlockQ6_K& block) {
  for (int i = 0; i < 128; ++i) {
    const std::uint8_t* lane = codes + 128 * (i / 64) + i % 64;
    block.low[i] = byte((lane[0] & 15) | (lane[64] & 15) << 4);
  }
  for (int i = 0; i < 64; ++i) {
    const std::uint8_t* lane = codes + 128 * (i / 32) + i % 32;
    block.high[i] = byte(lane[0] >> 4 | (lane[32] >> 4) << 2 | (lane[64] >> 4) << 4 | (lane[96] >> 4) << 6);
  }
}

void pack_scales(const int* scales, BlockIQ4_XS& block) {
  unsigned high = 0;
  for (int i = 0; i < 4; ++i) {
    const int even = scales[2 * i] + 32, odd = scales[2 * i + 1] + 32;
    block.scales_low[i] = byte((even & 15) | (odd & 15) << 4);
    high |= static_cast<unsigned>(even >> 4 | (odd >> 4) << 2) << (4 * i);
  }
  block.scales_high = static_cast<std::uint16_t>(high);
}

void pack_scales(const int* scales, BlockQ3_K& block) {
  for (int i = 0; i < 8; ++i) block.scales[i] = byte(((scales[i] + 32) & 15) | ((scales[i + 8] + 32) & 15) << 4);
  for (int i = 0; i < 4; ++i) {
    int bits = 0;
    for (int j = 0; j < 4; ++j) bits |= (scales[i + 4 * j] + 32) >> 4 << (2 * j);
    block.scales[8 + i] = byte(bits);
  }
}

void pack_scales(const int* scales, BlockQ6_K& block) {
  for (int i = 0; i < 16; ++i) block.scales[i] = static_cast<std::int8_t>(scales[i]);
}

void pack_scales(const int* scales, const int* minima, BlockQ2_K& block) {
  for (int i = 0; i < 16; ++i) block.scales[i] = byte(scales[i] | minima[i] << 4);
}

void pack_scales(const int* scales, const int* minima, BlockQ4_K& block) {
  pack_six_bits(scales, minima, block.scales);
}

void pack_scales(const int* scales, const int* minima, BlockQ5_K& block) {
  pack_six_bits(scales, minima, block.scales);
}

}  // namespace hadal
