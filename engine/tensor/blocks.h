#pragma once

#include <array>
#include <cstdint>
#include <cstring>

/// Quantisation blocks as they lie in a GGUF file: little-endian, packed, no padding between them. A file may place
/// them at addresses that do not suit their members' alignment: copy a block out (memcpy) before reading it.
namespace hadal {

/// 32 elements of 4 bits: x = scale * (q - 8), q in 0..15.
struct BlockQ4_0 {
  std::uint16_t scale;       ///< binary16
  std::uint8_t nibbles[16];  ///< Low nibble of byte i: element i; high nibble: element i + 16.
};
static_assert(sizeof(BlockQ4_0) == 18);

/// 32 elements of 4 bits: x = scale * q + minimum, q in 0..15.
struct BlockQ4_1 {
  std::uint16_t scale;       ///< binary16
  std::uint16_t minimum;     ///< binary16
  std::uint8_t nibbles[16];  ///< Low nibble of byte i: element i; high nibble: element i + 16.
};
static_assert(sizeof(BlockQ4_1) == 20);

/// 32 elements of 5 bits: x = scale * (q - 16), q in 0..31.
struct BlockQ5_0 {
  std::uint16_t scale;       ///< binary16
  std::uint8_t high[4];      ///< Bit i of these 32, little-endian: the highest bit of element i.
  std::uint8_t nibbles[16];  ///< As in Q4_0.
};
static_assert(sizeof(BlockQ5_0) == 22);

/// 32 elements of 5 bits: x = scale * q + minimum, q in 0..31.
struct BlockQ5_1 {
  std::uint16_t scale;       ///< binary16
  std::uint16_t minimum;     ///< binary16
  std::uint8_t high[4];      ///< As in Q5_0.
  std::uint8_t nibbles[16];  ///< As in Q4_0.
};
static_assert(sizeof(BlockQ5_1) == 24);

/// 32 elements of 8 bits: x = scale * q, q in -128..127.
struct BlockQ8_0 {
  std::uint16_t scale;  ///< binary16
  std::int8_t values[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

/// 32 elements of 4 bits: x = scale * kIq4Values[q].
struct BlockIQ4_NL {
  std::uint16_t scale;       ///< binary16
  std::uint8_t nibbles[16];  ///< As in Q4_0.
};
static_assert(sizeof(BlockIQ4_NL) == 18);

/// What a nibble stands for in IQ4_NL and IQ4_XS: steps that widen with the distance from zero, as weights thin out.
inline constexpr std::int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};

/// 256 elements of 4 bits in groups of 32: x = scale * (s - 32) * kIq4Values[q], s of 6 bits per group g.
struct BlockIQ4_XS {
  std::uint16_t scale;         ///< binary16
  std::uint16_t scales_high;   ///< Bits 2g, 2g + 1: the highest two bits of s.
  std::uint8_t scales_low[4];  ///< Nibble g % 2 of byte g / 2: the low four bits of s.
  std::uint8_t nibbles[128];   ///< 16 bytes per group, each as in Q4_0.
};
static_assert(sizeof(BlockIQ4_XS) == 136);

/// 256 elements of 2 bits in groups of 16: x = scale * (s & 15) * q - minimum * (s >> 4), s = scales[i / 16].
/// Element i = 128 h + 32 k + l (h < 2, k < 4, l < 32): bits 2k, 2k + 1 of codes[32 h + l].
struct BlockQ2_K {
  std::uint8_t scales[16];
  std::uint8_t codes[64];
  std::uint16_t scale;    ///< binary16
  std::uint16_t minimum;  ///< binary16
};
static_assert(sizeof(BlockQ2_K) == 84);

/// 256 elements of 3 bits in groups of 16: x = scale * (s - 32) * (q - 4), s of 6 bits per group g.
/// Element i = 128 h + 32 k + l as in Q2_K: low two bits of q as there; the high bit is bit 4h + k of high[l].
/// Low four bits of s: nibble g / 8 of scales[g % 8]; high two: bits 2 (g / 4), 2 (g / 4) + 1 of scales[8 + g % 4].
struct BlockQ3_K {
  std::uint8_t high[32];
  std::uint8_t codes[64];
  std::uint8_t scales[12];
  std::uint16_t scale;  ///< binary16
};
static_assert(sizeof(BlockQ3_K) == 110);

/// 256 elements of 4 bits in groups of 32: x = scale * s * q - minimum * m, s and m of 6 bits per group g.
/// g < 4: s = low six bits of scales[g], m = those of scales[g + 4]. g >= 4: their low four bits are the low and the
/// high nibble of scales[g + 4], their high two the highest two bits of scales[g - 4] and scales[g].
/// Element 32 g + l: nibble g % 2 of nibbles[32 (g / 2) + l].
struct BlockQ4_K {
  std::uint16_t scale;    ///< binary16
  std::uint16_t minimum;  ///< binary16
  std::uint8_t scales[12];
  std::uint8_t nibbles[128];
};
static_assert(sizeof(BlockQ4_K) == 144);

/// 256 elements of 5 bits: as Q4_K, and the highest bit of element 32 g + l is bit g of high[l].
struct BlockQ5_K {
  std::uint16_t scale;    ///< binary16
  std::uint16_t minimum;  ///< binary16
  std::uint8_t scales[12];
  std::uint8_t high[32];
  std::uint8_t nibbles[128];
};
static_assert(sizeof(BlockQ5_K) == 176);

/// 256 elements of 6 bits: x = scale * scales[i / 16] * (q - 32), q in 0..63.
/// Element i = 128 h + 32 k + l (h < 2, k < 4, l < 32):
///   low four bits:  nibble k / 2 of low[64 h + 32 (k % 2) + l]
///   high two bits:  bits 2k, 2k + 1 of high[32 h + l]
struct BlockQ6_K {
  std::uint8_t low[128];
  std::uint8_t high[64];
  std::int8_t scales[16];
  std::uint16_t scale;  ///< binary16
};
static_assert(sizeof(BlockQ6_K) == 210);

// The packed scales of super-blocks, one byte each. They are taken apart four at a time, in the bytes of a word: no bit
// crosses into a neighbour, as every part is masked after its shift.

/// Of the 16 groups of Q3_K, 0..63, still without the offset of -32.
inline std::array<std::uint32_t, 4> unpack_scales_q3(const std::uint8_t (&packed)[12]) {
  std::uint32_t words[3];
  std::memcpy(words, packed, sizeof words);
  std::array<std::uint32_t, 4> scales{};
  for (unsigned i = 0; i < 4; ++i) {
    scales[i] = ((words[i % 2] >> (4 * (i / 2))) & 0x0F0F0F0FU) | ((words[2] >> (2 * i)) & 0x03030303U) << 4;
  }
  return scales;
}

/// Of the 8 groups of Q4_K and Q5_K: 8 scales, then 8 minima.
inline std::array<std::uint32_t, 4> unpack_scales_q4(const std::uint8_t (&packed)[12]) {
  std::uint32_t words[3];
  std::memcpy(words, packed, sizeof words);
  return {words[0] & 0x3F3F3F3FU, (words[2] & 0x0F0F0F0FU) | ((words[0] >> 6) & 0x03030303U) << 4,
          words[1] & 0x3F3F3F3FU, ((words[2] >> 4) & 0x0F0F0F0FU) | ((words[1] >> 6) & 0x03030303U) << 4};
}

}  // namespace hadal
