#pragma once

#include <cstdint>

/// Quantisation blocks as they lie in a GGUF file: little-endian, packed, no padding between them. A file may place
/// them at addresses that do not suit their members' alignment: copy a block out (memcpy) before reading it.
namespace hadal {

/// 32 elements of 4 bits: x = scale * q + minimum, q in 0..15.
struct BlockQ4_1 {
  std::uint16_t scale;       ///< binary16
  std::uint16_t minimum;     ///< binary16
  std::uint8_t nibbles[16];  ///< Low nibble of byte i: element i; high nibble: element i + 16.
};
static_assert(sizeof(BlockQ4_1) == 20);

/// 32 elements of 8 bits: x = scale * q, q in -127..127.
struct BlockQ8_0 {
  std::uint16_t scale;  ///< binary16
  std::int8_t values[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

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

}  // namespace hadal
