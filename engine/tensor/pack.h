#pragma once

#include <cstdint>

#include "tensor/blocks.h"

namespace hadal {

/// Put codes where blocks.h says they lie: the inverse of what dequantise_row() takes apart. `codes` are unsigned, as
/// stored, one byte per element; the halves of a block are left to the caller.
void pack_codes(const std::uint8_t* codes, BlockQ4_0& block);
void pack_codes(const std::uint8_t* codes, BlockQ4_1& block);
void pack_codes(const std::uint8_t* codes, BlockQ5_0& block);
void pack_codes(const std::uint8_t* codes, BlockQ5_1& block);
void pack_codes(const std::uint8_t* codes, BlockIQ4_NL& block);
void pack_codes(const std::uint8_t* codes, BlockQ8_0& block);  ///< value + 128
void pack_codes(const std::uint8_t* codes, BlockIQ4_XS& block);
void pack_codes(const std::uint8_t* codes, BlockQ2_K& block);
void pack_codes(const std::uint8_t* codes, BlockQ3_K& block);
void pack_codes(const std::uint8_t* codes, BlockQ4_K& block);
void pack_codes(const std::uint8_t* codes, BlockQ5_K& block);
void pack_codes(const std::uint8_t* codes, BlockQ6_K& block);

/// Likewise the scales of a super-block's groups, and their minima where there are such, as the formulas in blocks.h
/// have them: signed for Q3_K and IQ4_XS (-32..31) and Q6_K (-128..127), 0..63 for Q4_K and Q5_K, 0..15 for Q2_K.
void pack_scales(const int* scales, BlockIQ4_XS& block);
void pack_scales(const int* scales, BlockQ3_K& block);
void pack_scales(const int* scales, BlockQ6_K& block);
void pack_scales(const int* scales, const int* minima, BlockQ2_K& block);
void pack_scales(const int* scales, const int* minima, BlockQ4_K& block);
void pack_scales(const int* scales, const int* minima, BlockQ5_K& block);

}  // namespace hadal
